-- The list of silos in PostgreSQL, for Cluster:Membership=Sql. A silo applies this file by itself at its first start; apply it by hand where the silo's user
-- may not create tables. Safe to apply again.
--
-- Orleans reads the statements of OrleansQuery by these keys and runs them with these parameters; nothing else touches the tables. A write happens only
-- if the version that the silo has read is still the current one. It answers with one row: 1 for done, 0 for "read the list again".

create table if not exists OrleansQuery (
    QueryKey text primary key,
    QueryText text not null
);

-- One row for each Cluster:ClusterId.
create table if not exists OrleansMembershipVersionTable (
    DeploymentId text primary key,
    Timestamp timestamptz not null default now(),
    Version integer not null default 0
);

-- One row for each run of a silo.
create table if not exists OrleansMembershipTable (
    DeploymentId text not null references OrleansMembershipVersionTable,
    Address text not null,
    Port integer not null,
    Generation integer not null,
    SiloName text not null,
    HostName text not null,
    Status integer not null,
    ProxyPort integer,
    SuspectTimes text,
    StartTime timestamptz not null,
    IAmAliveTime timestamptz not null,
    primary key (DeploymentId, Address, Port, Generation)
);

insert into OrleansQuery (QueryKey, QueryText) values
('InsertMembershipVersionKey', $query$
    with added as (insert into OrleansMembershipVersionTable (DeploymentId) values (@DeploymentId) on conflict do nothing returning 1)
    select count(*)::integer from added
$query$),
-- The update locks the version row first: of two silos that write at once, the second finds another version and changes nothing.
('InsertMembershipKey', $query$
    with current as (
        update OrleansMembershipVersionTable v set Version = v.Version + 1, Timestamp = now()
        where v.DeploymentId = @DeploymentId and v.Version = @Version and not exists (
            select from OrleansMembershipTable m
            where m.DeploymentId = @DeploymentId and m.Address = @Address and m.Port = @Port and m.Generation = @Generation)
        returning v.DeploymentId),
    added as (
        insert into OrleansMembershipTable (DeploymentId, Address, Port, Generation, SiloName, HostName, Status, ProxyPort, StartTime, IAmAliveTime)
        select DeploymentId, @Address, @Port, @Generation, @SiloName, @HostName, @Status, @ProxyPort, @StartTime, @IAmAliveTime from current
        returning 1)
    select count(*)::integer from added
$query$),
('UpdateMembershipKey', $query$
    with current as (
        update OrleansMembershipVersionTable v set Version = v.Version + 1, Timestamp = now()
        where v.DeploymentId = @DeploymentId and v.Version = @Version and exists (
            select from OrleansMembershipTable m
            where m.DeploymentId = @DeploymentId and m.Address = @Address and m.Port = @Port and m.Generation = @Generation)
        returning v.DeploymentId),
    changed as (
        update OrleansMembershipTable m set Status = @Status, SuspectTimes = @SuspectTimes, IAmAliveTime = @IAmAliveTime
        from current c
        where m.DeploymentId = c.DeploymentId and m.Address = @Address and m.Port = @Port and m.Generation = @Generation
        returning 1)
    select count(*)::integer from changed
$query$),
('UpdateIAmAlivetimeKey', $query$
    update OrleansMembershipTable set IAmAliveTime = @IAmAliveTime
    where DeploymentId = @DeploymentId and Address = @Address and Port = @Port and Generation = @Generation
$query$),
-- The version is told even where no silo is listed, hence the outer joins.
('MembershipReadRowKey', $query$
    select v.DeploymentId, m.Address, m.Port, m.Generation, m.SiloName, m.HostName, m.Status, m.ProxyPort, m.SuspectTimes, m.StartTime, m.IAmAliveTime, v.Version
    from OrleansMembershipVersionTable v
    left join OrleansMembershipTable m on m.DeploymentId = v.DeploymentId and m.Address = @Address and m.Port = @Port and m.Generation = @Generation
    where v.DeploymentId = @DeploymentId
$query$),
('MembershipReadAllKey', $query$
    select v.DeploymentId, m.Address, m.Port, m.Generation, m.SiloName, m.HostName, m.Status, m.ProxyPort, m.SuspectTimes, m.StartTime, m.IAmAliveTime, v.Version
    from OrleansMembershipVersionTable v
    left join OrleansMembershipTable m on m.DeploymentId = v.DeploymentId
    where v.DeploymentId = @DeploymentId
$query$),
-- What a gateway asks: the silos it may connect to.
('GatewaysQueryKey', $query$
    select Address, ProxyPort, Generation from OrleansMembershipTable
    where DeploymentId = @DeploymentId and Status = @Status and ProxyPort > 0
$query$),
('DeleteMembershipTableEntriesKey', $query$
    with silos as (delete from OrleansMembershipTable where DeploymentId = @DeploymentId)
    delete from OrleansMembershipVersionTable where DeploymentId = @DeploymentId
$query$),
-- Status 3 is active.
('CleanupDefunctSiloEntriesKey', $query$
    delete from OrleansMembershipTable where DeploymentId = @DeploymentId and Status <> 3 and IAmAliveTime < @IAmAliveTime
$query$)
on conflict (QueryKey) do update set QueryText = excluded.QueryText;
