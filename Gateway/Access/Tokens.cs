using System.Security.Claims;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Options;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace RPort.Gateway.Access;

/// <summary>Makes and checks log-in tokens: JWT, HS256, with an end.</summary>
internal sealed class Tokens
{
    public const string UserClaim = "username";
    private const string Issuer = "rport";

    private readonly JsonWebTokenHandler _handler = new() { MapInboundClaims = false, SetDefaultTimesOnTokenCreation = false };
    private readonly SigningCredentials _signing;
    private readonly TokenValidationParameters _validation;
    private readonly RevokedTokens _revoked;
    private readonly TimeProvider _clock;

    public Tokens(IOptions<AccessOptions> options, RevokedTokens revoked, TimeProvider clock)
    {
        _revoked = revoked;
        _clock = clock;
        var key = new SymmetricSecurityKey(Key(options.Value));
        _signing = new SigningCredentials(key, SecurityAlgorithms.HmacSha256);
        _validation = new TokenValidationParameters
        {
            ValidAlgorithms = [SecurityAlgorithms.HmacSha256],
            IssuerSigningKey = key,
            ValidIssuer = Issuer,
            ValidateAudience = false,
            RequireExpirationTime = true,
            LifetimeValidator = (_, expires, _, _) => expires > _clock.GetUtcNow().UtcDateTime,
        };
    }

    public string Issue(string user, TimeSpan lifetime)
    {
        DateTime now = _clock.GetUtcNow().UtcDateTime;
        return _handler.CreateToken(new SecurityTokenDescriptor
        {
            Issuer = Issuer,
            IssuedAt = now,
            Expires = now + lifetime,
            Subject = new ClaimsIdentity([new Claim(UserClaim, user), new Claim(JwtRegisteredClaimNames.Jti, Guid.NewGuid().ToString("N"))]),
            SigningCredentials = _signing,
        });
    }

    /// <summary>Who the token names; null when it is malformed, forged, over, or was logged out.</summary>
    public async Task<ClaimsIdentity?> ValidateAsync(string token)
    {
        TokenValidationResult result = await _handler.ValidateTokenAsync(token, _validation);
        return result.IsValid && result.SecurityToken is JsonWebToken { Id: { Length: > 0 } id } && !_revoked.Contains(id) ? result.ClaimsIdentity : null;
    }

    /// <summary>Refuses the token of this user from now on.</summary>
    public void Revoke(ClaimsPrincipal user)
    {
        if (user.FindFirstValue(JwtRegisteredClaimNames.Jti) is { } id && long.TryParse(user.FindFirstValue(JwtRegisteredClaimNames.Exp), out long end))
        {
            _revoked.Add(id, DateTimeOffset.FromUnixTimeSeconds(end));
        }
    }

    private static byte[] Key(AccessOptions options) => options.SigningKey.Length > 0
        ? SHA256.HashData(Encoding.UTF8.GetBytes(options.SigningKey))
        : Convert.FromBase64String(PrivateFile.ReadOrCreate(
            Path.Combine(options.DataFolder, "keys", "token-signing.key"),
            () => Convert.ToBase64String(RandomNumberGenerator.GetBytes(64))));
}
