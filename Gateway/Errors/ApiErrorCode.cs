namespace RPort.Gateway.Errors;

/// <summary>Names programs can test for in an error's <c>code</c>. A name is never given another meaning.</summary>
internal static class ApiErrorCode
{
    public const string InvalidQuery = "ERR_CODE_INVALID_QUERY";
    public const string UnknownParameter = "ERR_CODE_UNKNOWN_PARAMETER";
    public const string RepeatedParameter = "ERR_CODE_REPEATED_PARAMETER";
    public const string InvalidParameter = "ERR_CODE_INVALID_PARAMETER";
    public const string ConflictingParameters = "ERR_CODE_CONFLICTING_PARAMETERS";
    public const string MissingBody = "ERR_CODE_MISSING_BODY";
    public const string InvalidBody = "ERR_CODE_INVALID_BODY";
    public const string InvalidField = "ERR_CODE_INVALID_FIELD";
    public const string UnsupportedMediaType = "ERR_CODE_UNSUPPORTED_MEDIA_TYPE";

    public const string ClientNotFound = "ERR_CODE_CLIENT_NOT_FOUND";
    public const string ClientNotConnected = "ERR_CODE_CLIENT_NOT_CONNECTED";
    public const string ClientTimeout = "ERR_CODE_CLIENT_TIMEOUT";
    public const string ClientBusy = "ERR_CODE_CLIENT_BUSY";
    public const string ClientError = "ERR_CODE_CLIENT_ERROR";
    public const string UnknownUserGroup = "ERR_CODE_UNKNOWN_USER_GROUP";
    public const string GatewayFailed = "ERR_CODE_GATEWAY_FAILED";

    public const string InvalidRemote = "ERR_CODE_INVALID_REMOTE";
    public const string InvalidLocal = "ERR_CODE_INVALID_LOCAL";
    public const string InvalidProtocol = "ERR_CODE_INVALID_PROTOCOL";
    public const string SchemeTooLong = "ERR_CODE_URI_SCHEME_LENGTH_EXCEED";
    public const string ProxyNotEnabled = "ERR_CODE_TUNNEL_PROXY_NOT_ENABLED";
    public const string ProxyNotAllowed = "ERR_CODE_TUNNEL_PROXY_NOT_ALLOWED";
    public const string ProxyRequired = "ERR_CODE_TUNNEL_PROXY_REQUIRED";
    public const string InvalidHostHeader = "ERR_CODE_INVALID_HOST_HEADER";
    public const string InvalidAuth = "ERR_CODE_INVALID_AUTH";
    public const string InvalidIdleTimeout = "ERR_CODE_INVALID_IDLE_TIMEOUT";
    public const string InvalidAutoClose = "ERR_CODE_INVALID_AUTO_CLOSE";
    public const string InvalidAcl = "ERR_CODE_INVALID_ACL";

    public const string TargetNotAllowed = "ERR_CODE_TUNNEL_NOT_ALLOWED";
    public const string RemotePortNotOpen = "ERR_CODE_REMOTE_PORT_NOT_OPEN";
    public const string TunnelExists = "ERR_CODE_TUNNEL_EXIST";
    public const string TunnelToPortExists = "ERR_CODE_TUNNEL_TO_PORT_EXIST";
    public const string TunnelNotFound = "ERR_CODE_TUNNEL_NOT_FOUND";
    public const string TunnelInUse = "ERR_CODE_TUNNEL_IN_USE";
    public const string TooManyTunnels = "ERR_CODE_TOO_MANY_TUNNELS";
    public const string LocalPortNotAllowed = "ERR_CODE_LOCAL_PORT_NOT_ALLOWED";
    public const string LocalPortInUse = "ERR_CODE_LOCAL_PORT_IN_USE";
    public const string NoLocalPortFree = "ERR_CODE_NO_LOCAL_PORT_FREE";
    public const string LocalAddressUnusable = "ERR_CODE_LOCAL_ADDRESS_UNUSABLE";
    public const string StoredTunnelNotFound = "ERR_CODE_STORED_TUNNEL_NOT_FOUND";
    public const string TooManyStoredTunnels = "ERR_CODE_TOO_MANY_STORED_TUNNELS";
}
