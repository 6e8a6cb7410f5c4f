-- All are there: applied once more, their bodies are checked.
set local check_function_bodies = on
