# What makes a mistake in memory end the process instead of being used: in every build, releases and dev alike. docs/security.md says what each
# is for; tests/lint looks for their marks in the programs.
include(CheckCCompilerFlag)
include(CheckPIESupported)
check_pie_supported()

# Each is only left out where a compiler does not have it: indirect jumps land where they may on x86-64 alone.
# Not -ftrivial-auto-var-init=zero: ten runs by turns took 5.3 us of processor time an event with it, 4.8 without, as before all of these.
set(WAITLIST_HARDENING -fstack-protector-strong)
foreach(flag -fstack-clash-protection -fcf-protection=full)
  string(MAKE_C_IDENTIFIER "WAITLIST_HAS${flag}" has)
  check_c_compiler_flag("-Werror ${flag}" ${has})
  if(${has})
    list(APPEND WAITLIST_HARDENING ${flag})
  endif()
endforeach()
target_compile_options(waitlist_flags INTERFACE ${WAITLIST_HARDENING})
if(NOT WAITLIST_SANITIZE) # the sanitizers see more, and their own functions must be called
  target_compile_options(waitlist_flags INTERFACE $<$<CONFIG:Release,RelWithDebInfo>:-U_FORTIFY_SOURCE> $<$<CONFIG:Release,RelWithDebInfo>:-D_FORTIFY_SOURCE=3>)
endif()
target_link_options(waitlist_flags INTERFACE -Wl,-z,relro -Wl,-z,now -Wl,-z,noexecstack)
