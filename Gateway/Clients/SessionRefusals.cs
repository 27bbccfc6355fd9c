using RPort.Gateway.Errors;
using RPort.Grains.Abstractions;

namespace RPort.Gateway.Clients;

/// <summary>What the API answers where a session did not do what it was asked, whatever that was.</summary>
internal static class SessionRefusals
{
    /// <summary>Agents may say anything, at any length.</summary>
    private const int MaxShown = 500;

    private static readonly TimeSpan BusyPause = TimeSpan.FromSeconds(5);

    public static ApiFailure Failure(Refused refused, string client) => refused.Reason switch
    {
        RefusalReason.UnknownClient => ClientEndpoints.NotFound(client),
        RefusalReason.NotConnected => NotConnected(client),
        RefusalReason.TimedOut => Unavailable(
            $"Client with id=\"{client}\" did not answer in time.", "whether it was done is not known: look before you try again", ApiErrorCode.ClientTimeout),
        RefusalReason.Busy => Unavailable(
            $"Client with id=\"{client}\" has too much to do, please try later.", $"{ClientLimits.MaxOpenQuestions} calls wait for it", ApiErrorCode.ClientBusy),
        RefusalReason.AgentFailed => AgentFailed(refused.Detail),
        _ => ApiFailure.Of(
            StatusCodes.Status500InternalServerError, "internal server error", "the log of the client's gateway has more", ApiErrorCode.GatewayFailed),
    };

    /// <summary>Without a connection to the agent it cannot be done.</summary>
    public static ApiFailure NotConnected(string client) => ApiFailure.NotFound(
        $"Client with id=\"{client}\" is not connected.", "this needs the client's connection: try again when it is back", ApiErrorCode.ClientNotConnected);

    /// <summary>The agent said no.</summary>
    public static ApiFailure AgentFailed(string text) =>
        ApiFailure.Conflict($"client error: {(text.Length > 0 ? Shown(text) : "the agent gave no reason")}", code: ApiErrorCode.ClientError);

    private static string Shown(string text) => string.Concat(text.Take(MaxShown).Where(c => !char.IsControl(c)));

    private static ApiFailure Unavailable(string title, string detail, string code) =>
        new(StatusCodes.Status503ServiceUnavailable, [new ApiError(code, title, detail)]) { RetryAfter = BusyPause };
}
