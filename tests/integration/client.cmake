# libzmq is not built with the thread sanitizer, which then sees races where its locks are; hence TSAN_OPTIONS.
# The client side: waitlistctl, the library's examples; most against a daemon that misbehaves on demand, one against the real one.
foreach(subject send follow ask watch examples)
  add_test(NAME integration.client_${subject} COMMAND /usr/bin/python3 -B ${CMAKE_CURRENT_SOURCE_DIR}/test_client_${subject}.py)
endforeach()
if(TARGET waitlistd)
  add_test(NAME integration.client_daemon COMMAND /usr/bin/python3 -B ${CMAKE_CURRENT_SOURCE_DIR}/test_client_daemon.py)
  set(client_daemon integration.client_daemon)
  waitlist_python_test(integration client_rights 120)
endif()
set_tests_properties(integration.client_send integration.client_follow integration.client_ask integration.client_watch integration.client_examples
  ${client_daemon} PROPERTIES TIMEOUT 300 ENVIRONMENT
  "WAITLISTCTL=$<TARGET_FILE:waitlistctl>;WAITLIST_EXAMPLES=$<TARGET_FILE_DIR:example_send>;WAITLIST_SCRIPTS=${PROJECT_SOURCE_DIR}/client/lib/examples;WAITLISTD=$<$<TARGET_EXISTS:waitlistd>:$<TARGET_FILE:waitlistd>>;LC_ALL=C.UTF-8;TSAN_OPTIONS=ignore_noninstrumented_modules=1")
