namespace RPort.Ssh;

/// <summary>Reason codes of SSH_MSG_DISCONNECT (RFC 4253 §11.1), and one for a stream that ended without any.</summary>
public enum SshDisconnectReason : uint
{
    /// <summary>No code: the stream ended or failed.</summary>
    None = 0,

    /// <summary>SSH_DISCONNECT_HOST_NOT_ALLOWED_TO_CONNECT.</summary>
    HostNotAllowedToConnect = 1,

    /// <summary>SSH_DISCONNECT_PROTOCOL_ERROR.</summary>
    ProtocolError = 2,

    /// <summary>SSH_DISCONNECT_KEY_EXCHANGE_FAILED.</summary>
    KeyExchangeFailed = 3,

    /// <summary>SSH_DISCONNECT_MAC_ERROR.</summary>
    MacError = 5,

    /// <summary>SSH_DISCONNECT_COMPRESSION_ERROR.</summary>
    CompressionError = 6,

    /// <summary>SSH_DISCONNECT_SERVICE_NOT_AVAILABLE.</summary>
    ServiceNotAvailable = 7,

    /// <summary>SSH_DISCONNECT_PROTOCOL_VERSION_NOT_SUPPORTED.</summary>
    ProtocolVersionNotSupported = 8,

    /// <summary>SSH_DISCONNECT_HOST_KEY_NOT_VERIFIABLE.</summary>
    HostKeyNotVerifiable = 9,

    /// <summary>SSH_DISCONNECT_CONNECTION_LOST.</summary>
    ConnectionLost = 10,

    /// <summary>SSH_DISCONNECT_BY_APPLICATION.</summary>
    ByApplication = 11,

    /// <summary>SSH_DISCONNECT_TOO_MANY_CONNECTIONS.</summary>
    TooManyConnections = 12,

    /// <summary>SSH_DISCONNECT_AUTH_CANCELLED_BY_USER.</summary>
    AuthCancelledByUser = 13,

    /// <summary>SSH_DISCONNECT_NO_MORE_AUTH_METHODS_AVAILABLE.</summary>
    NoMoreAuthMethodsAvailable = 14,

    /// <summary>SSH_DISCONNECT_ILLEGAL_USER_NAME.</summary>
    IllegalUserName = 15,
}

/// <summary>Why a channel was refused (RFC 4254 §5.1).</summary>
public enum SshChannelOpenFailure : uint
{
    /// <summary>SSH_OPEN_ADMINISTRATIVELY_PROHIBITED.</summary>
    AdministrativelyProhibited = 1,

    /// <summary>SSH_OPEN_CONNECT_FAILED.</summary>
    ConnectFailed = 2,

    /// <summary>SSH_OPEN_UNKNOWN_CHANNEL_TYPE.</summary>
    UnknownChannelType = 3,

    /// <summary>SSH_OPEN_RESOURCE_SHORTAGE.</summary>
    ResourceShortage = 4,
}

/// <summary>Which of two secrets was refused in <see cref="SshAuthenticationException"/>.</summary>
public enum SshAuthenticationFailure
{
    /// <summary>The server's host key was refused by us.</summary>
    HostKeyRefused,

    /// <summary>Our user name and password were refused by the server, or the client's by us.</summary>
    CredentialsRefused,
}

/// <summary>Why a connection ended: the first reason, and no other.</summary>
/// <param name="Reason">The disconnect code sent or received; <see cref="SshDisconnectReason.None"/> for a stream that ended without one.</param>
/// <param name="Message">One line for a log. May hold text of the peer's choosing (at most 1024 characters, without control characters).</param>
/// <param name="ByPeer">True when the peer ended it.</param>
/// <param name="Error">The exception behind it, when there was one.</param>
public sealed record SshCloseReason(SshDisconnectReason Reason, string Message, bool ByPeer, Exception? Error = null);
