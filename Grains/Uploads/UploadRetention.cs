namespace RPort.Grains.Uploads;

/// <summary>How many pushes are remembered. Older ones are forgotten once they are over; unfinished ones never are.</summary>
/// <param name="Keep">The newest so many stay.</param>
public sealed record UploadRetention(int Keep)
{
    /// <summary>What a silo keeps unless told otherwise.</summary>
    public static readonly UploadRetention Default = new(10_000);

    /// <summary>How many more there may be before old ones are looked for again.</summary>
    internal int Slack => Math.Max(1, Keep / 64);
}
