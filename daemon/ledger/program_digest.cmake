# Writes a header with a digest of the sources that decide what a replay comes to: a checkpoint of another program is not taken up.
set(all "")
foreach(source IN LISTS SOURCES)
  file(SHA256 ${source} digest)
  string(APPEND all "${digest}")
endforeach()
string(SHA256 all "${all}")
string(SUBSTRING "${all}" 0 32 all)
file(WRITE ${OUTPUT} "/* Made by program_digest.cmake. */\n#define CHECKPOINT_PROGRAM \"${all}\"\n")
