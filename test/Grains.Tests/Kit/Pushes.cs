using System.Collections.Immutable;
using RPort.Grains.Abstractions;

namespace RPort.Grains.Tests.Kit;

/// <summary>Push requests for tests.</summary>
internal static class Pushes
{
    public static readonly DateTimeOffset Noon = new(2026, 3, 14, 12, 0, 0, TimeSpan.Zero);

    public static UploadRequest To(params string[] clients) => To(clients.Select(client => new UploadTarget(new ClientId(client), true)));

    public static UploadRequest To(IEnumerable<UploadTarget> targets) => new()
    {
        Order = new PushOrder { Upload = UploadId.New(), Destination = "/srv/file", Size = 1_000, Md5 = "md5", Sha256 = "sha256" },
        Targets = [.. targets],
        CreatedBy = "admin",
        KeepForOffline = true,
        ExpiresAt = DateTimeOffset.MaxValue.AddYears(-1),
        RetryWindow = TimeSpan.FromHours(1),
    };

    public static UploadTargetView Of(this UploadView view, string client) => view.Targets.Single(target => target.Client.Value == client);
}
