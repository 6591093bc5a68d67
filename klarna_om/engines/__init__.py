"""Engines that deliver the chunks of a job to workers on many machines; the journal in PostgreSQL is the truth.

`chunk_runner` runs what any engine delivers; `procrastinate` needs no service besides that database, `taskiq` has
RabbitMQ, and `run_open_chunks` needs no engine.
"""
