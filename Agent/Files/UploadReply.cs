namespace RPort.Agent.Files;

/// <summary>The immediate answer to an upload order: under way (the result follows by report), or refused with a text for the gateway.</summary>
internal readonly record struct UploadReply(bool Accepted, string Refusal)
{
    /// <summary>Text of the refusal while the queue is full: nothing was started, the same order is welcome later.</summary>
    public const string BusyText = "too many file pushes are waiting on this client, try again later";

    /// <summary>Accepted: a report follows.</summary>
    public static readonly UploadReply Ok = new(true, "");

    /// <summary>Refused for lack of room, not for what the order says.</summary>
    public bool IsBusy => Refusal == BusyText;

    /// <summary>Refused; the text says why.</summary>
    public static UploadReply Refuse(string text) => new(false, text);
}
