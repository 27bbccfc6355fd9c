namespace RPort.Protocol;

/// <summary>Texts of failure replies to <see cref="RequestNames.Upload"/> that the gateway acts on; all others are for people to read.</summary>
public static class UploadRefusals
{
    /// <summary>The agent's configuration allows no file pushes.</summary>
    public const string Disabled = "uploads are disabled on this client, check [file-reception] enabled option";

    /// <summary>As many pushes wait on the agent as it keeps. Passes.</summary>
    public const string Busy = "too many file pushes are waiting on this client, try again later";

    /// <summary>The agent is between two connections, or about to end. Passes.</summary>
    public const string NotConnected = "this client has no connection to fetch the file from, try again";

    /// <summary>True for a refusal that says nothing about the push itself: the same order may be taken later.</summary>
    /// <param name="text">The whole text of the failure reply.</param>
    public static bool IsPassing(string text) => text is Busy or NotConnected;
}
