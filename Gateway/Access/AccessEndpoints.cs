using System.Globalization;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Options;
using Microsoft.OpenApi;
using RPort.Gateway.Errors;
using RPort.Gateway.Json;
using RPort.Gateway.Operations;
using RPort.Silo.Configuration;

namespace RPort.Gateway.Access;

/// <summary>/login, /logout and /me: who is calling.</summary>
internal static class AccessEndpoints
{
    public const string AdministratorsGroup = "Administrators";
    private static readonly TimeSpan DefaultLifetime = TimeSpan.FromMinutes(10);

    public static IServiceCollection AddAccess(this IServiceCollection services)
    {
        services.AddCheckedOptions<AccessOptions>(AccessOptions.Section);
        services.AddSingleton<ClientAddress>().AddSingleton<Administrator>().AddSingleton<LoginGate>().AddSingleton<RevokedTokens>().AddSingleton<Tokens>();
        // The core only: the rest of AddAuthentication makes key files for cookies, and there are none.
        services.AddWebEncoders();
        services.AddTransient<ApiAuthentication>();
        services.AddAuthenticationCore(authentication =>
        {
            authentication.DefaultScheme = ApiAuthentication.SchemeName;
            authentication.AddScheme<ApiAuthentication>(ApiAuthentication.SchemeName, null);
        });
        services.AddAuthorization();
        return services;
    }

    /// <summary>Answers banned addresses before anything else is looked at, then finds out who is calling.</summary>
    public static void UseAccess(this WebApplication app)
    {
        app.Services.GetRequiredService<Administrator>(); // made now, so that the first start tells where the password is
        app.Use((context, next) =>
        {
            LoginGate gate = context.RequestServices.GetRequiredService<LoginGate>();
            bool banned = context.GetEndpoint()?.Metadata.GetMetadata<AnswersBanned>() is null
                && gate.IsBanned(context.RequestServices.GetRequiredService<ClientAddress>().Of(context));
            return banned ? gate.Refusal(LoginOutcome.Banned).ExecuteAsync(context) : next(context);
        });
        app.UseAuthentication();
        app.UseAuthorization();
    }

    public static void MapAccess(this IEndpointRouteBuilder api)
    {
        RouteGroupBuilder login = api.MapGroup("").WithTags("Login").AllowAnonymous();
        QueryField lifetime = new("token-lifetime", "Seconds: 600 if absent, at most 7776000 (90 days) or what is configured.", JsonSchemaType.Integer);
        login.MapGet("/login", LoginByHeaderAsync).WithName("LoginByHeader").WithSummary("Log in with Basic credentials; answers a token")
            .WithMetadata(AsksForBasic.Mark, lifetime).Produces<DataBody<LoginView>>().Fails(400, 401, 429);
        login.MapPost("/login", LoginByBodyAsync).WithName("LoginByBody").WithSummary("Log in with a name and a password; answers a token")
            .Accepts<LoginRequest>("application/json", "application/x-www-form-urlencoded", "multipart/form-data")
            .WithMetadata(lifetime).Produces<DataBody<LoginView>>().Fails(400, 401, 415, 429);
        RouteGroupBuilder me = api.MapGroup("").WithTags("Login").RequireAuthorization();
        me.MapDelete("/logout", Logout).WithName("Logout").WithSummary("End the token of this call").Produces(StatusCodes.Status204NoContent).Fails(400);
        me.MapGet("/me", Me).WithName("GetMe").WithSummary("The user of this call").Produces<DataBody<MeView>>();
        me.MapGet("/me/ip", MyAddress).WithName("GetMyAddress").WithSummary("The address this call comes from").Produces<DataBody<MyAddressView>>();
    }

    private static Task<IResult> LoginByHeaderAsync(HttpContext context, LoginGate gate, Tokens tokens, ClientAddress address, IOptions<AccessOptions> options) =>
        ApiAuthentication.ReadBasic(context.Request.Headers.Authorization) is (string user, string password)
            ? LoginAsync(context, user, password, gate, tokens, address, options.Value)
            : Task.FromResult<IResult>(ApiFailure.Of(StatusCodes.Status401Unauthorized, "auth is required"));

    private static async Task<IResult> LoginByBodyAsync(HttpContext context, LoginGate gate, Tokens tokens, ClientAddress address, IOptions<AccessOptions> options)
    {
        HttpRequest request = context.Request;
        LoginRequest login = request.HasFormContentType ? await ReadFormAsync(request) : await JsonBody.ReadAsync<LoginRequest>(request, context.RequestAborted);
        return await LoginAsync(context, login.Username ?? "", login.Password ?? "", gate, tokens, address, options.Value);
    }

    private static async Task<LoginRequest> ReadFormAsync(HttpRequest request)
    {
        if (request.HttpContext.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit)
        {
            limit.MaxRequestBodySize = JsonBody.MaxBytes;
        }

        try
        {
            IFormCollection form = await request.ReadFormAsync(request.HttpContext.RequestAborted);
            return new LoginRequest(form["username"], form["password"], form["new_password"]);
        }
        catch (InvalidDataException e)
        {
            throw new ApiFailureException(ApiFailure.BadRequest("Invalid form data.", e.Message));
        }
    }

    private static async Task<IResult> LoginAsync(
        HttpContext context, string user, string password, LoginGate gate, Tokens tokens, ClientAddress address, AccessOptions options)
    {
        if (user.Length == 0)
        {
            return ApiFailure.Of(StatusCodes.Status401Unauthorized, "username is required");
        }

        TimeSpan lifetime = ReadLifetime(context.Request.Query, options);
        LoginOutcome outcome = await gate.TryAsync(user, password, address.Of(context), context.RequestAborted);
        return outcome == LoginOutcome.Accepted ? Answer.Of(new LoginView(tokens.Issue(user, lifetime), null)) : gate.Refusal(outcome);
    }

    private static TimeSpan ReadLifetime(IQueryCollection query, AccessOptions options)
    {
        string? text = query["token-lifetime"];
        if (string.IsNullOrEmpty(text))
        {
            return DefaultLifetime < options.MaxTokenLifetime ? DefaultLifetime : options.MaxTokenLifetime;
        }

        if (!long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long seconds))
        {
            throw new ApiFailureException(ApiFailure.BadRequest("invalid token-lifetime", "a number of seconds is expected"));
        }

        if (seconds <= 0 || seconds > (long)options.MaxTokenLifetime.TotalSeconds)
        {
            throw new ApiFailureException(ApiFailure.BadRequest("invalid token-lifetime", $"it must be between 1 and {(long)options.MaxTokenLifetime.TotalSeconds} seconds"));
        }

        return TimeSpan.FromSeconds(seconds);
    }

    private static IResult Logout(HttpContext context, Tokens tokens)
    {
        if (!context.User.HasClaim(claim => claim.Type == Microsoft.IdentityModel.JsonWebTokens.JwtRegisteredClaimNames.Jti))
        {
            return ApiFailure.BadRequest("there is no token to end", "this call was made with a password");
        }

        tokens.Revoke(context.User);
        return Results.NoContent();
    }

    private static Answer Me(HttpContext context) => Answer.Of(new MeView(
        context.User.Identity?.Name ?? "",
        PasswordExpired: false,
        [AdministratorsGroup],
        TwoFaSendTo: "",
        new PermissionsView(true, true, true, true, true, true, true, true),
        new ExtendedPermissionsView(null, null),
        GroupPermissionsEnabled: false));

    private static Answer MyAddress(HttpContext context, ClientAddress address) => Answer.Of(new MyAddressView(address.Of(context).ToString()));
}
