-- Housekeeping: note the counts of this hour, unless somebody has.
select statistics_sample()
