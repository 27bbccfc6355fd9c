using System.Security.Claims;
using System.Text;
using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authorization;
using Microsoft.Extensions.Options;
using RPort.Gateway.Errors;

namespace RPort.Gateway.Access;

/// <summary>Basic and Bearer on every operation; on <c>/ws/</c> also a token in the query, since browsers cannot set headers there.</summary>
internal sealed class ApiAuthentication(
    IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory loggers, UrlEncoder encoder,
    LoginGate gate, Tokens tokens, ClientAddress clientAddress)
    : AuthenticationHandler<AuthenticationSchemeOptions>(options, loggers, encoder)
{
    public const string SchemeName = "RPort";
    private ApiFailure _challenge = ApiFailure.OfStatus(StatusCodes.Status401Unauthorized);

    /// <summary>User and password of a Basic header; null when it is none or malformed.</summary>
    public static (string User, string Password)? ReadBasic(string? header)
    {
        const string prefix = "Basic ";
        if (header is null || !header.StartsWith(prefix, StringComparison.OrdinalIgnoreCase))
        {
            return null;
        }

        Span<byte> bytes = new byte[header.Length];
        if (!Convert.TryFromBase64String(header[prefix.Length..].Trim(), bytes, out int length))
        {
            return null;
        }

        string pair = Encoding.UTF8.GetString(bytes[..length]);
        int colon = pair.IndexOf(':');
        return colon < 0 ? null : (pair[..colon], pair[(colon + 1)..]);
    }

    protected override async Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        if (Context.GetEndpoint()?.Metadata.GetMetadata<IAllowAnonymous>() is not null)
        {
            return AuthenticateResult.NoResult(); // a log-in looks at the credentials itself; twice would count a mistake twice
        }

        string? header = Request.Headers.Authorization;
        if (ReadBasic(header) is (string user, string password))
        {
            return await ByPasswordAsync(user, password);
        }

        if (TokenOf(header) is { Length: > 0 } token)
        {
            return await tokens.ValidateAsync(token) is { } identity
                ? Success(new ClaimsIdentity(identity.Claims, SchemeName, Tokens.UserClaim, null))
                : AuthenticateResult.Fail("invalid token");
        }

        if (Context.WebSockets.IsWebSocketRequest)
        {
            _challenge = ApiFailure.Of(StatusCodes.Status401Unauthorized, "token required");
        }

        return AuthenticateResult.NoResult();
    }

    protected override Task HandleChallengeAsync(AuthenticationProperties properties)
    {
        if (_challenge.Status == StatusCodes.Status401Unauthorized)
        {
            Response.Headers.WWWAuthenticate = "Bearer"; // not Basic: a browser would ask for the password in a window of its own
        }

        return _challenge.ExecuteAsync(Context);
    }

    protected override Task HandleForbiddenAsync(AuthenticationProperties properties) =>
        ApiFailure.Of(StatusCodes.Status403Forbidden, "current user should belong to Administrators group to access this resource").ExecuteAsync(Context);

    private async Task<AuthenticateResult> ByPasswordAsync(string user, string password)
    {
        LoginOutcome outcome = await gate.TryAsync(user, password, clientAddress.Of(Context), Context.RequestAborted);
        if (outcome == LoginOutcome.Accepted)
        {
            return Success(new ClaimsIdentity([new Claim(Tokens.UserClaim, user)], SchemeName, Tokens.UserClaim, null));
        }

        _challenge = gate.Refusal(outcome);
        return AuthenticateResult.Fail("refused");
    }

    private string? TokenOf(string? header)
    {
        const string prefix = "Bearer ";
        if (header is not null && header.StartsWith(prefix, StringComparison.OrdinalIgnoreCase))
        {
            return header[prefix.Length..].Trim();
        }

        return Context.WebSockets.IsWebSocketRequest ? Request.Query["access_token"].ToString() : null;
    }

    private AuthenticateResult Success(ClaimsIdentity identity) =>
        AuthenticateResult.Success(new AuthenticationTicket(new ClaimsPrincipal(identity), Scheme.Name));
}
