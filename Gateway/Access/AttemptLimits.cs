namespace RPort.Gateway.Access;

/// <summary>How failed log-ins are slowed down.</summary>
/// <param name="UserWait">After a failure, how long the same user name is refused unseen.</param>
/// <param name="MaxFailures">Failures from one address, without a success between, that ban it; 0 bans nobody.</param>
/// <param name="BanTime">How long an address stays banned.</param>
internal sealed record AttemptLimits(TimeSpan UserWait, int MaxFailures, TimeSpan BanTime);
