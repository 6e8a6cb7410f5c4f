-- How many deployments are in each state, for /metrics.
select state, sum(count)::bigint as count
  from deployment_count_now
 group by state
