create table left_over (n int);
select nonsense;
