using Orleans;
using Orleans.Concurrency;

namespace RPort.Grains.Abstractions;

/// <summary>How a push ended on one agent. Names and values are those of the upload feed.</summary>
[GenerateSerializer, Immutable, Alias("rport.PushReport")]
public sealed record PushReport(
    [property: Id(0)] UploadId Upload,
    [property: Id(1)] PushStatus Status,
    [property: Id(2)] string Message,
    [property: Id(3)] string FilePath,
    [property: Id(4)] long Size,
    [property: Id(5)] int Attempt);

/// <summary>Where one target of a push stands.</summary>
public enum PushStatus
{
    /// <summary>Not finished: waiting for the agent, or under way.</summary>
    Pending,
    /// <summary>The file is in place.</summary>
    Success,
    /// <summary>Nothing to do: the file was there and was not to be replaced.</summary>
    Ignored,
    /// <summary>Failed for good; the message says why.</summary>
    Error,
    /// <summary>Taken back before it finished.</summary>
    Canceled,
    /// <summary>Not reached in time.</summary>
    Expired,
}

/// <summary>What became of a report.</summary>
public enum ReportOutcome
{
    /// <summary>Durably recorded (now or earlier): the agent may forget it.</summary>
    Recorded,
    /// <summary>No such push was given to this client, or it was taken back: the agent may forget it.</summary>
    UnknownUpload,
    /// <summary>The session is not the newest: nothing changed.</summary>
    StaleSession,
}
