insert into billing_runs (started_at, ended_at, started_by, instance, periods, statements, error) values ($1, $2, $3, $4, $5, $6, $7)
