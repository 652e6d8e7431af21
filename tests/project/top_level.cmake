# The top level of the repository holds these entries and dot files only.
cmake_minimum_required(VERSION 3.25)
set(allowed CMakeLists.txt include model_configs systems examples tests bench single_include
  README.md LICENSE CHANGELOG.md CMakePresets.json)
execute_process(COMMAND git ls-files --cached --others --exclude-standard
  WORKING_DIRECTORY "${SOURCE}" OUTPUT_VARIABLE files RESULT_VARIABLE status ERROR_QUIET)
if(NOT status EQUAL 0)
  message("SKIPPED: not a git repository")
  return()
endif()
string(REGEX REPLACE "/[^\n]*" "" files "${files}")
string(REPLACE "\n" ";" files "${files}")
list(REMOVE_ITEM files "")
list(REMOVE_DUPLICATES files)
foreach(entry IN LISTS files)
  if(NOT entry MATCHES "^\\." AND NOT entry IN_LIST allowed)
    message(SEND_ERROR "${entry} stands at the top level, which is fixed")
  endif()
endforeach()
