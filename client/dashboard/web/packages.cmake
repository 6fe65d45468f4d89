# Installs the packages of the lock file into FOLDER with NPM; what npm says is kept back unless it fails.
execute_process(COMMAND ${NPM} ci --no-progress --no-audit --no-fund --ignore-scripts WORKING_DIRECTORY ${FOLDER}
  RESULT_VARIABLE status OUTPUT_VARIABLE said ERROR_VARIABLE said)
if(status)
  message("${said}")
  message(FATAL_ERROR "npm could not install the packages of the dashboard's pages: is its registry reachable? "
    "-DWAITLIST_WEB=OFF builds without the pages.")
endif()
