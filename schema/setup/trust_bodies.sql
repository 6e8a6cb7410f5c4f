-- Functions may name each other in any order: their bodies are looked at when all are there.
set local check_function_bodies = off
