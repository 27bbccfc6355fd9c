using System.Net;
using RPort.Gateway.Tests.Kit;

namespace RPort.Gateway.Tests.Access;

public sealed class GuessingTests
{
    [Fact]
    public async Task Guessing_makes_the_user_wait_and_bans_the_address_wherever_it_claims_to_come_from()
    {
        await using TestGateway gateway = await TestGateway.StartAsync("Api:MaxFailedLogin=2", "Api:UserLoginWait=1:0:0", "Api:TrustedProxies:0=127.0.0.1");
        using HttpClient guesser = gateway.Client();
        guesser.DefaultRequestHeaders.Add("X-Forwarded-For", "198.51.100.9");

        guesser.DefaultRequestHeaders.Authorization = TestGateway.Basic("nobody", "nope");
        await (await guesser.GetAsync("login")).FailsAsync(401, "unauthorized");
        await (await guesser.GetAsync("login")).FailsAsync(429, "too many requests, please try later");
        guesser.DefaultRequestHeaders.Authorization = TestGateway.Basic("somebody", "nope");
        await (await guesser.GetAsync("me")).FailsAsync(401, "unauthorized");

        guesser.DefaultRequestHeaders.Authorization = TestGateway.Basic(TestGateway.User, TestGateway.Password);
        await (await guesser.GetAsync("me")).FailsAsync(423, "Too many bad attempts. Please try later.");
        using HttpResponseMessage health = await guesser.GetAsync("/health/live");
        Assert.Equal(HttpStatusCode.OK, health.StatusCode); // a watcher behind the same address must not restart us
        using HttpResponseMessage other = await gateway.Http.GetAsync("me");
        Assert.Equal(HttpStatusCode.OK, other.StatusCode);
    }

    [Fact]
    public async Task A_stranger_s_failures_do_not_make_the_administrator_wait_elsewhere()
    {
        await using TestGateway gateway = await TestGateway.StartAsync("Api:UserLoginWait=1:0:0", "Api:TrustedProxies:0=127.0.0.1");
        using HttpClient stranger = gateway.Client();
        stranger.DefaultRequestHeaders.Add("X-Forwarded-For", "198.51.100.9");
        stranger.DefaultRequestHeaders.Authorization = TestGateway.Basic(TestGateway.User, "guess");
        await (await stranger.GetAsync("login")).FailsAsync(401, "unauthorized");
        using HttpResponseMessage wait = await stranger.GetAsync("login");
        await wait.FailsAsync(429, "too many requests, please try later");
        Assert.Equal(TimeSpan.FromHours(1), wait.Headers.RetryAfter!.Delta);

        using HttpResponseMessage login = await gateway.Http.GetAsync("login");

        Assert.Equal(HttpStatusCode.OK, login.StatusCode);
    }

    [Fact]
    public async Task Without_a_configured_administrator_a_password_is_made_once_and_shown_only_in_a_private_file()
    {
        await using TestGateway gateway = await TestGateway.StartAsync("Api:Auth=");
        string file = Path.Combine(gateway.Folder, "admin-password.txt");
        string password = (await File.ReadAllTextAsync(file)).Trim();
        using HttpClient caller = gateway.Client();
        caller.DefaultRequestHeaders.Authorization = TestGateway.Basic("admin", password);

        using HttpResponseMessage me = await caller.GetAsync("me");

        Assert.Equal(HttpStatusCode.OK, me.StatusCode);
        Assert.True(password.Length >= 32);
        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Path.Combine(gateway.Folder, "keys", "admin.hash")));
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Path.Combine(gateway.Folder, "keys", "token-signing.key")));
        }

        Assert.DoesNotContain(password, await File.ReadAllTextAsync(Path.Combine(gateway.Folder, "keys", "admin.hash")), StringComparison.Ordinal);
    }
}
