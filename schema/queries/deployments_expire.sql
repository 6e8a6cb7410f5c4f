-- Housekeeping: end the deployments of which nothing is heard any more.
select deployments_expire()
