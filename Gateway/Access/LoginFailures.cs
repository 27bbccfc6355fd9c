using RPort.Gateway.Errors;

namespace RPort.Gateway.Access;

/// <summary>How a refused log-in reads.</summary>
internal static class LoginFailures
{
    public static ApiFailure Of(LoginOutcome outcome) => outcome switch
    {
        LoginOutcome.MustWait => ApiFailure.OfStatus(StatusCodes.Status429TooManyRequests),
        LoginOutcome.Banned => ApiFailure.Of(StatusCodes.Status423Locked, "Too many bad attempts. Please try later."),
        _ => ApiFailure.OfStatus(StatusCodes.Status401Unauthorized),
    };
}
