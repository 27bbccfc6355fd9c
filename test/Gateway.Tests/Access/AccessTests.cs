using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using RPort.Gateway.Tests.Kit;

namespace RPort.Gateway.Tests.Access;

[Collection(SharedGateway.Name)]
public sealed class AccessTests(SharedGateway shared)
{
    private readonly TestGateway _gateway = shared.Gateway;

    [Fact]
    public async Task A_token_opens_the_API_until_it_is_logged_out()
    {
        using HttpClient caller = _gateway.Client();
        JsonElement login = await (await _gateway.Http.GetAsync("login?token-lifetime=3600")).DataAsync();
        Assert.Equal(JsonValueKind.Null, login.GetProperty("two_fa").ValueKind);
        caller.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", login.GetProperty("token").GetString());

        JsonElement me = await (await caller.GetAsync("me")).DataAsync();
        Assert.Equal(TestGateway.User, me.GetProperty("username").GetString());
        Assert.True(me.GetProperty("effective_user_permissions").GetProperty("uploads").GetBoolean());
        Assert.Equal("127.0.0.1", (await (await caller.GetAsync("me/ip")).DataAsync()).GetProperty("ip").GetString());

        using HttpResponseMessage logout = await caller.DeleteAsync("logout");
        Assert.Equal(HttpStatusCode.NoContent, logout.StatusCode);
        await (await caller.GetAsync("me")).FailsAsync(401, "unauthorized");
    }

    [Theory]
    [InlineData("{\"username\":\"admin\",\"password\":\"correct horse battery\"}", "application/json")]
    [InlineData("username=admin&password=correct+horse+battery", "application/x-www-form-urlencoded")]
    public async Task Name_and_password_come_as_JSON_or_as_a_form(string body, string type)
    {
        using HttpClient caller = _gateway.Client();
        using var content = new StringContent(body, Encoding.UTF8, type);

        JsonElement login = await (await caller.PostAsync("login", content)).DataAsync();

        Assert.Equal(3, login.GetProperty("token").GetString()!.Split('.').Length);
    }

    [Theory]
    [InlineData("", "application/json", 400, "Missing body with json data.")]
    [InlineData("{\"username\":\"admin\",\"token-lifetime\":3600}", "application/json", 400, "Invalid JSON data.")]
    [InlineData("{", "application/json", 400, "Invalid JSON data.")]
    [InlineData("{}", "application/json", 401, "username is required")]
    [InlineData("{\"username\":\"admin\",\"password\":\"wrong\"}", "application/json", 401, "unauthorized")]
    [InlineData("hello", "text/plain", 415, "unsupported media type")]
    public async Task A_login_that_cannot_be_is_told_why(string body, string type, int status, string title)
    {
        using HttpClient caller = _gateway.Client();
        using var content = new StringContent(body, Encoding.UTF8, type);

        JsonElement error = await (await caller.PostAsync("login", content)).FailsAsync(status, title);

        if (body.Contains("token-lifetime", StringComparison.Ordinal))
        {
            Assert.Equal("json: unknown field \"token-lifetime\"", error.GetProperty("detail").GetString());
        }
    }

    [Theory]
    [InlineData(null, "unauthorized")]
    [InlineData("Bearer abc.def.ghi", "unauthorized")]
    [InlineData("Bearer ", "unauthorized")]
    [InlineData("Basic !!!", "unauthorized")]
    [InlineData("Basic YWRtaW4=", "unauthorized")]
    [InlineData("Negotiate abc", "unauthorized")]
    public async Task Credentials_that_are_none_answer_401(string? header, string title)
    {
        using HttpClient caller = _gateway.Client();
        using var request = new HttpRequestMessage(HttpMethod.Get, "clients");
        if (header is not null)
        {
            Assert.True(request.Headers.TryAddWithoutValidation("Authorization", header));
        }

        await (await caller.SendAsync(request)).FailsAsync(401, title);
    }

    [Theory]
    [InlineData("x")]
    [InlineData("0")]
    [InlineData("-5")]
    [InlineData("7776001")]
    public async Task A_token_lifetime_out_of_bounds_is_refused(string lifetime) =>
        await (await _gateway.Http.GetAsync($"login?token-lifetime={lifetime}")).FailsAsync(400, "invalid token-lifetime");

    [Fact]
    public async Task Login_without_credentials_asks_for_them()
    {
        using HttpClient caller = _gateway.Client();
        await (await caller.GetAsync("login")).FailsAsync(401, "auth is required");
    }

    [Fact]
    public async Task A_forged_token_is_refused()
    {
        string token = (await (await _gateway.Http.GetAsync("login")).DataAsync()).GetProperty("token").GetString()!;
        string[] parts = token.Split('.');
        string none = Convert.ToBase64String("{\"alg\":\"none\",\"typ\":\"JWT\"}"u8).TrimEnd('=');
        foreach (string forged in new[] { $"{none}.{parts[1]}.", $"{parts[0]}.{parts[1]}.{parts[2][..^4]}AAAA", $"{parts[0]}.{none}.{parts[2]}" })
        {
            using HttpClient caller = _gateway.Client();
            caller.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", forged);
            await (await caller.GetAsync("me")).FailsAsync(401, "unauthorized");
        }
    }
}
