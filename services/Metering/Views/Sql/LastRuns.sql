select started_at, ended_at, started_by, instance, periods, statements, error from billing_runs order by id desc limit $1
