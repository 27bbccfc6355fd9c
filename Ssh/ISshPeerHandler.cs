namespace RPort.Ssh;

/// <summary>
/// What an application does with the wishes of its peer. Calls come one after the other, in order of arrival, on the thread pool and never on the
/// receive loop; a slow call delays the next ones and, at <see cref="SshConnectionOptions.MaxPendingRequests"/>, ends the connection. What takes long is
/// put off with <see cref="SshReply.Defer"/> and <see cref="SshChannelVerdict.Defer"/>.
/// </summary>
public interface ISshPeerHandler
{
    /// <summary>Answers a global request (RFC 4254 §4). An exception is sent as a failure; the answer to a request that wants none is dropped.</summary>
    /// <param name="connection">The connection it came over.</param>
    /// <param name="request">The request; its memory belongs to the callee.</param>
    /// <param name="cancellationToken">Fires when the connection closes.</param>
    /// <returns>The answer.</returns>
    ValueTask<SshReply> OnRequestAsync(SshConnection connection, SshRequest request, CancellationToken cancellationToken);

    /// <summary>Decides on a channel the peer wants to open (RFC 4254 §5.1). An exception is sent as a refusal.</summary>
    /// <param name="connection">The connection it came over.</param>
    /// <param name="open">What is asked for; its memory belongs to the callee.</param>
    /// <param name="cancellationToken">Fires when the connection closes.</param>
    /// <returns>The verdict.</returns>
    ValueTask<SshChannelVerdict> OnChannelOpenAsync(SshConnection connection, SshChannelOpen open, CancellationToken cancellationToken);
}

/// <summary>A global request of the peer (RFC 4254 §4).</summary>
/// <param name="Name">The request's name, at most 256 bytes.</param>
/// <param name="Payload">The bytes after <c>want_reply</c>.</param>
/// <param name="WantsReply">Whether the peer waits for an answer.</param>
public sealed record SshRequest(string Name, ReadOnlyMemory<byte> Payload, bool WantsReply);

/// <summary>The answer to a global request.</summary>
/// <param name="Success">REQUEST_SUCCESS or REQUEST_FAILURE.</param>
/// <param name="Payload">The bytes after the message number. RFC 4254 knows none in a failure; RPort's agents send a text there.</param>
public sealed record SshReply(bool Success, ReadOnlyMemory<byte> Payload)
{
    /// <summary>A success.</summary>
    /// <param name="payload">The bytes that follow the message number.</param>
    /// <returns>The reply.</returns>
    public static SshReply Ok(ReadOnlyMemory<byte> payload = default) => new(true, payload);

    /// <summary>A failure.</summary>
    /// <param name="text">Sent as bare UTF-8 after the message number; nothing when empty.</param>
    /// <returns>The reply.</returns>
    public static SshReply Fail(string text = "") => new(false, System.Text.Encoding.UTF8.GetBytes(text));

    /// <summary>
    /// Answers later, without holding up what else the peer asks. Its own answer and those to later requests still leave in the order of the requests,
    /// as SSH demands; until then they count against <see cref="SshConnectionOptions.MaxPendingRequests"/>.
    /// </summary>
    /// <param name="answer">Answers; the token fires when the connection closes. An exception is sent as a failure.</param>
    /// <returns>The reply.</returns>
    public static SshReply Defer(Func<CancellationToken, Task<SshReply>> answer) => new(false, default) { Later = answer };

    /// <summary>Answers, beside everything else; null for a reply that is final.</summary>
    internal Func<CancellationToken, Task<SshReply>>? Later { get; private init; }
}

/// <summary>A channel the peer asks for.</summary>
/// <param name="Type">The channel type, at most 256 bytes.</param>
/// <param name="Data">The type-specific bytes.</param>
public sealed record SshChannelOpen(string Type, ReadOnlyMemory<byte> Data);

/// <summary>A request on one channel (RFC 4254 §5.4).</summary>
/// <param name="Type">The request's name, at most 256 bytes.</param>
/// <param name="Payload">The bytes after <c>want_reply</c>.</param>
/// <param name="WantsReply">Whether the peer waits for an answer.</param>
public sealed record SshChannelRequest(string Type, ReadOnlyMemory<byte> Payload, bool WantsReply);

/// <summary>A password offered by a client. Never logged: it is a secret.</summary>
/// <param name="UserName">The user name.</param>
/// <param name="Password">The password.</param>
/// <param name="Attempt">1 for the first password on this connection.</param>
public sealed record SshPasswordLogin(string UserName, string Password, int Attempt)
{
    /// <summary>Leaves the password out.</summary>
    /// <returns>User name and attempt.</returns>
    public override string ToString() => $"SshPasswordLogin {{ UserName = {UserName}, Attempt = {Attempt} }}";
}

/// <summary>Yes or no to a channel open.</summary>
public sealed class SshChannelVerdict
{
    private SshChannelVerdict(Func<SshChannel, CancellationToken, Task>? serve, IDisposable? unused, SshChannelOpenFailure reason, string text)
    {
        Serve = serve;
        Unused = unused;
        Reason = reason;
        Text = text;
    }

    private SshChannelVerdict(Func<CancellationToken, Task<SshChannelVerdict>> later)
    {
        Later = later;
        Text = "";
    }

    internal Func<SshChannel, CancellationToken, Task>? Serve { get; }

    /// <summary>Disposed where <see cref="Serve"/> is never called.</summary>
    internal IDisposable? Unused { get; }

    /// <summary>Decides, beside everything else; null for a verdict that is final.</summary>
    internal Func<CancellationToken, Task<SshChannelVerdict>>? Later { get; }

    internal SshChannelOpenFailure Reason { get; }

    internal string Text { get; }

    /// <summary>Opens the channel.</summary>
    /// <param name="serve">
    /// Started by the connection, which owns the task and closes the channel when it ends. The peer learns of the channel only when this has
    /// reached its first await, so a <see cref="SshChannel.RequestHandler"/> set before that misses no request.
    /// </param>
    /// <param name="unused">
    /// What <paramref name="serve"/> was to own, such as a connected socket: disposed when the channel can not be opened after all, because too many are
    /// open or the connection has ended.
    /// </param>
    /// <returns>The verdict.</returns>
    public static SshChannelVerdict Accept(Func<SshChannel, CancellationToken, Task> serve, IDisposable? unused = null) => new(serve, unused, default, "");

    /// <summary>Refuses the channel.</summary>
    /// <param name="reason">The code sent.</param>
    /// <param name="text">The text sent.</param>
    /// <returns>The verdict.</returns>
    public static SshChannelVerdict Reject(SshChannelOpenFailure reason, string text) => new(null, null, reason, text);

    /// <summary>
    /// Decides later, without holding up what the peer asks meanwhile: for a verdict that needs a look at the network. The open counts against
    /// <see cref="SshConnectionOptions.MaxPendingOpens"/> until then.
    /// </summary>
    /// <param name="decide">Answers <see cref="Accept"/> or <see cref="Reject"/>; the token fires when the connection closes. An exception is a refusal.</param>
    /// <returns>The verdict.</returns>
    public static SshChannelVerdict Defer(Func<CancellationToken, Task<SshChannelVerdict>> decide) => new(decide);
}
