# What every target of the project shares.
add_library(apiary_options INTERFACE)
target_compile_options(apiary_options INTERFACE
  -Wall -Wextra -Wpedantic -Wconversion -Werror
  $<$<NOT:$<BOOL:$<TARGET_PROPERTY:UNITY_BUILD>>>:-Wshadow>  # a name of another file of a lump is no mistake
  $<$<COMPILE_LANGUAGE:CXX>:-Wnon-virtual-dtor -Woverloaded-virtual -Wold-style-cast>)
target_include_directories(apiary_options INTERFACE ${PROJECT_SOURCE_DIR} ${PROJECT_SOURCE_DIR}/daemon)
target_compile_definitions(apiary_options INTERFACE APIARY_VERSION="${PROJECT_VERSION}")
if(NOT APIARY_KILL_POINTS)  # daemon/vm/kill_point.hpp
  target_compile_definitions(apiary_options INTERFACE APIARY_NO_KILL_POINTS)
endif()
if(APIARY_PORTABLE_ONLY)  # whether it compiles is all that is asked: nothing is made, archived or linked
  target_compile_options(apiary_options INTERFACE -fsyntax-only)
  foreach(rule CXX_ARCHIVE_CREATE CXX_ARCHIVE_FINISH CXX_LINK_EXECUTABLE)
    set(CMAKE_${rule} true)
  endforeach()
endif()
if(APIARY_SANITIZE)
  target_compile_options(apiary_options INTERFACE
    -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
    # Checks at every access to a member, which take a seventh of the compile: what they would find ends in a fault.
    -fno-sanitize=null,alignment,vptr,object-size)
  target_link_options(apiary_options INTERFACE -fsanitize=address,undefined)
endif()

# The standard headers that nearly every file includes, read once for each target: that halves the time of a build. Files
# still include what they use: the `libcxx` preset builds without this.
function(apiary_precompile target)
  target_precompile_headers(${target} PRIVATE
    "$<$<COMPILE_LANGUAGE:CXX>:<algorithm$<ANGLE-R>>"
    "$<$<COMPILE_LANGUAGE:CXX>:<array$<ANGLE-R>>"
    "$<$<COMPILE_LANGUAGE:CXX>:<chrono$<ANGLE-R>>"
    "$<$<COMPILE_LANGUAGE:CXX>:<functional$<ANGLE-R>>"
    "$<$<COMPILE_LANGUAGE:CXX>:<map$<ANGLE-R>>"
    "$<$<COMPILE_LANGUAGE:CXX>:<memory$<ANGLE-R>>"
    "$<$<COMPILE_LANGUAGE:CXX>:<optional$<ANGLE-R>>"
    "$<$<COMPILE_LANGUAGE:CXX>:<string$<ANGLE-R>>"
    "$<$<COMPILE_LANGUAGE:CXX>:<variant$<ANGLE-R>>"
    "$<$<COMPILE_LANGUAGE:CXX>:<vector$<ANGLE-R>>"
    ${ARGN})
endfunction()

# A unity build compiles many files of a target as one: nearly all of its time goes into headers, which are then read
# once, and so does that of whoever builds Apiary for the first time. Two files of such a lump may not have the same names
# in their unnamed namespaces. What is shipped is built so, and so it is what the tests and the sanitizers see; the preset
# `debug` builds file by file, for a quick answer after a change, and with -Wshadow.
set(CMAKE_UNITY_BUILD_BATCH_SIZE 32)
if(CMAKE_UNITY_BUILD)
  set(CMAKE_DISABLE_PRECOMPILE_HEADERS ON)
endif()

# apiary_library(NAME folder... ) makes a static library of all sources of the current folder. The files of other
# platforms (`*_linux.*`, `*_freebsd.*`) are left out.
function(apiary_library name)
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cpp)
  if(NOT CMAKE_SYSTEM_NAME STREQUAL "Linux" OR APIARY_PORTABLE_ONLY)
    list(FILTER sources EXCLUDE REGEX "_linux\\.cpp$")
  endif()
  if(NOT CMAKE_SYSTEM_NAME STREQUAL "FreeBSD")
    list(FILTER sources EXCLUDE REGEX "_freebsd\\.cpp$")
  endif()
  add_library(${name} STATIC ${sources})
  target_link_libraries(${name} PUBLIC apiary_options ${ARGN})
  apiary_precompile(${name})
endfunction()

function(apiary_header_library name path)  # a header-only dependency whose headers are not ours to warn about
  add_library(${name} INTERFACE)
  target_include_directories(${name} SYSTEM INTERFACE ${path})
endfunction()

# The sanitizers make unoptimised code many times slower. Where the tests spend their time, the longer compile is won
# back; elsewhere (ctl, configuration, the drivers) it is not.
function(apiary_busy_in_tests)
  if(APIARY_SANITIZE)
    foreach(target IN LISTS ARGN)
      target_compile_options(${target} PRIVATE -O1)
    endforeach()
  endif()
endfunction()
