-- Housekeeping: add up what the counters' triggers noted.
select counters_fold()
