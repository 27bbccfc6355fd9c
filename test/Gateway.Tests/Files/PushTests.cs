using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text.Json;
using RPort.Gateway.Tests.Kit;
using RPort.Grains.Abstractions;

namespace RPort.Gateway.Tests.Files;

[Collection(SharedGateway.Name)]
public sealed class PushTests(SharedGateway shared)
{
    private readonly TestGateway _gateway = shared.Gateway;

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_push_is_stored_ordered_delivered_and_its_file_deleted_at_the_end(bool fileFirst)
    {
        string id = $"push-{fileFirst}";
        ScriptedClient client = await ScriptedClient.ConnectAsync(_gateway, id);
        byte[] content = RandomNumberGenerator.GetBytes(700_001); // more than two blocks
        (string, string)[] fields = [("client_id", id), ("client_id", id), ("dest", "/srv/x"), ("mode", "0640"), ("user", "root"), ("force", "true"), ("id", $"up-{fileFirst}")];
        using MultipartFormDataContent form = fileFirst ? Form.With().File(content) : Form.With(fields).File(content);
        foreach ((string field, string value) in fileFirst ? fields : [])
        {
            form.And(field, value);
        }

        JsonElement answer = await (await _gateway.Http.PostAsync("files", form)).DataAsync();

        Assert.Equal($"{{\"uuid\":\"up-{fileFirst}\",\"filepath\":\"/srv/x\",\"size\":700001}}", answer.GetRawText());
        PushOrder order = await client.OrderAsync();
        Assert.Equal((416, "root", true, 700_001L), (order.Mode, order.Owner, order.Force, order.Size));
        Assert.Equal(Convert.ToBase64String(MD5.HashData(content)), order.Md5);
        Assert.Equal(Convert.ToBase64String(SHA256.HashData(content)), order.Sha256);
        string stored = Path.Combine(_gateway.PayloadFolder, order.Upload.Value);
        Assert.Equal(content, await File.ReadAllBytesAsync(stored));
        Assert.Equal("pending", (await StatusOfAsync(order.Upload.Value)).Single().Value);

        await client.ReportAsync(order, PushStatus.Success, "file successfully copied to destination /srv/x");

        JsonElement push = await (await _gateway.Http.GetAsync($"files/{order.Upload}")).DataAsync();
        JsonElement target = Assert.Single(push.GetProperty("clients").EnumerateArray());
        Assert.Equal((id, "success", "/srv/x"), (target.GetProperty("client_id").GetString(), target.GetProperty("status").GetString(), target.GetProperty("filepath").GetString()));
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(content)), push.GetProperty("sha256").GetString());
        Assert.Equal("0640", push.GetProperty("mode").GetString());
        await GoneAsync(stored);
    }

    [Theory]
    [InlineData("client_id=refused,dest=/proc/x", 400, "upload denied")]
    [InlineData("client_id=refused", 400, "empty destination file path")]
    [InlineData("dest=/tmp/x", 400, "Missing targeting parameters.")]
    [InlineData("dest=/tmp/x,client_id=refused,tags={\"tags\":[\"a\"]}", 400, "Multiple targeting parameters.")]
    [InlineData("dest=/tmp/x,tags={\"tags\":[]}", 400, "No tags specified.")]
    [InlineData("dest=/tmp/x,tags={\"tags\":[\"no-such-tag\"]}", 400, "at least 1 client should be specified")]
    [InlineData("dest=/tmp/x,group_id=g", 400, "Unknown group with id=\"g\".")]
    [InlineData("dest=/tmp/x,client_id=nope", 404, "Client with id=\"nope\" not found.")]
    [InlineData("dest=/tmp/x,client_id=refused,sha256=0000000000000000000000000000000000000000000000000000000000000000", 400, "sha256 check failed")]
    public async Task A_push_that_is_refused_leaves_nothing(string fields, int status, string title)
    {
        await ScriptedClient.ConnectAsync(_gateway, "refused");
        string[] before = Stored();
        using MultipartFormDataContent form = Form.With().File(RandomNumberGenerator.GetBytes(300_000));
        foreach (string field in fields.Split(",", StringSplitOptions.None))
        {
            form.And(field[..field.IndexOf('=')], field[(field.IndexOf('=') + 1)..]);
        }

        await (await _gateway.Http.PostAsync("files", form)).FailsAsync(status, title);

        Assert.Equal(before, Stored());
    }

    [Fact]
    public async Task A_form_without_the_file_or_with_two_or_that_is_none_is_refused()
    {
        using MultipartFormDataContent without = Form.With(("dest", "/tmp/x"), ("client_id", "x"));
        await (await _gateway.Http.PostAsync("files", without)).FailsAsync(400, "http: no such file");
        using MultipartFormDataContent two = Form.With(("dest", "/tmp/x")).File([1]).File([2]);
        await (await _gateway.Http.PostAsync("files", two)).FailsAsync(400, "more than one file");
        using var json = new StringContent("{}", MediaTypeHeaderValue.Parse("application/json"));
        await (await _gateway.Http.PostAsync("files", json)).FailsAsync(415, "unsupported media type");
        using var cut = new ByteArrayContent(Form.Bytes("--b\r\nContent-Disposition: form-data; name=\"upload\"; filename=\"x\"\r\n\r\nhalf a file"));
        cut.Headers.ContentType = MediaTypeHeaderValue.Parse("multipart/form-data; boundary=b");
        string[] before = Stored();
        await (await _gateway.Http.PostAsync("files", cut)).FailsAsync(400, "malformed multipart body");
        Assert.Equal(before, Stored());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_file_over_the_limit_is_refused_with_413_whether_its_length_is_announced_or_not(bool announced)
    {
        string[] before = Stored();
        using MultipartFormDataContent form = Form.With(("dest", "/tmp/x"), ("client_id", "x")).File(new byte[announced ? 30_000_000 : 2_000_001]);
        using var request = new HttpRequestMessage(HttpMethod.Post, "files") { Content = form };
        request.Headers.TransferEncodingChunked = !announced;

        JsonElement error = await (await _gateway.Http.SendAsync(request)).FailsAsync(413, "file too large");

        Assert.Contains("2000000 bytes", error.GetProperty("detail").GetString(), StringComparison.Ordinal);
        Assert.Equal(before, Stored());
    }

    [Fact]
    public async Task The_same_push_sent_again_is_answered_alike_and_another_with_its_id_is_refused()
    {
        ScriptedClient client = await ScriptedClient.ConnectAsync(_gateway, "twice");
        byte[] content = RandomNumberGenerator.GetBytes(1000);
        using MultipartFormDataContent first = Form.With(("client_id", "twice"), ("dest", "/srv/x"), ("id", "same-id")).File(content);
        using MultipartFormDataContent again = Form.With(("client_id", "twice"), ("dest", "/srv/x"), ("id", "same-id")).File(content);
        using MultipartFormDataContent other = Form.With(("client_id", "twice"), ("dest", "/srv/y"), ("id", "same-id")).File(content);

        JsonElement one = await (await _gateway.Http.PostAsync("files", first)).DataAsync();
        JsonElement two = await (await _gateway.Http.PostAsync("files", again)).DataAsync();

        Assert.Equal(one.GetRawText(), two.GetRawText());
        await (await _gateway.Http.PostAsync("files", other)).FailsAsync(409, "Upload with id=\"same-id\" already exists.");
        PushOrder order = await client.OrderAsync();
        Assert.Equal(content, await File.ReadAllBytesAsync(Path.Combine(_gateway.PayloadFolder, "same-id")));

        // Once it is over, too: and the file that came again is not kept.
        await client.ReportAsync(order, PushStatus.Success, "done");
        await GoneAsync(Path.Combine(_gateway.PayloadFolder, "same-id"));
        using MultipartFormDataContent late = Form.With(("client_id", "twice"), ("dest", "/srv/x"), ("id", "same-id")).File(content);
        await (await _gateway.Http.PostAsync("files", late)).DataAsync();
        Assert.False(File.Exists(Path.Combine(_gateway.PayloadFolder, "same-id")));
    }

    [Fact]
    public async Task Tags_select_exactly()
    {
        await ScriptedClient.ConnectAsync(_gateway, "sel-1", "s-a", "s-b");
        await ScriptedClient.ConnectAsync(_gateway, "sel-2", "s-a");
        await ScriptedClient.ConnectAsync(_gateway, "sel-3", "S-A", "s-b*");

        Assert.Equal(["sel-1"], (await TargetsOfAsync("{\"tags\":[\"s-a\",\"s-b\"],\"operator\":\"AND\"}")).Order());
        Assert.Equal(["sel-1", "sel-2"], (await TargetsOfAsync("{\"tags\":[\"s-a\",\"s-b\"],\"operator\":\"OR\"}")).Order());
        Assert.Equal(["sel-3"], await TargetsOfAsync("{\"tags\":[\"s-b*\"]}"));
    }

    [Fact]
    public async Task Who_is_offline_fails_at_once_or_waits_until_the_push_expires()
    {
        ScriptedClient client = await ScriptedClient.ConnectAsync(_gateway, "away");
        await client.DisconnectAsync();
        string now = await PushAsync("away", "/srv/now");
        string later = await PushAsync("away", "/srv/later", ("expires", "1h"));

        JsonElement failed = await FinishedAsync(now);
        Assert.Equal("error", failed.GetProperty("clients")[0].GetProperty("status").GetString());
        Assert.Equal("pending", (await StatusOfAsync(later))["away"]);

        client = await ScriptedClient.ConnectAsync(_gateway, "away");
        await (await _gateway.Http.PostAsync($"files/{later}/retry", null)).FailsAsync(409, "No client of this upload has failed.");
        using HttpResponseMessage retry = await _gateway.Http.PostAsync($"files/{now}/retry?expires=2h", null);
        Assert.Equal(HttpStatusCode.OK, retry.StatusCode);
        Assert.Equal("pending", (await StatusOfAsync(now))["away"]);
    }

    [Fact]
    public async Task A_push_can_be_taken_back()
    {
        await ScriptedClient.ConnectAsync(_gateway, "canceled");
        string push = await PushAsync("canceled", "/srv/x");

        using HttpResponseMessage canceled = await _gateway.Http.DeleteAsync($"files/{push}");

        Assert.Equal(HttpStatusCode.NoContent, canceled.StatusCode);
        Assert.Equal("canceled", (await StatusOfAsync(push))["canceled"]);
        await (await _gateway.Http.DeleteAsync("files/no-such-push")).FailsAsync(404, "Upload with id=\"no-such-push\" not found.");
        await (await _gateway.Http.PostAsync("files/no-such-push/retry", null)).FailsAsync(404, "Upload with id=\"no-such-push\" not found.");
        await (await _gateway.Http.GetAsync("files/..%2fetc")).FailsAsync(404, "Upload with id=\"..%2fetc\" not found.");
    }

    [Fact]
    public async Task The_list_has_the_newest_push_first()
    {
        await ScriptedClient.ConnectAsync(_gateway, "listed");
        string first = await PushAsync("listed", "/srv/1");
        string second = await PushAsync("listed", "/srv/2");

        JsonElement body = await (await _gateway.Http.GetAsync("files?page[limit]=2")).JsonAsync();

        Assert.Equal([second, first], body.GetProperty("data").EnumerateArray().Select(p => p.GetProperty("uuid").GetString()));
        Assert.True(body.GetProperty("meta").GetProperty("count").GetInt32() >= 2);
        Assert.Equal(1, body.GetProperty("data")[0].GetProperty("pending").GetInt32());
    }

    private async Task<string> PushAsync(string client, string destination, params (string, string)[] more)
    {
        using MultipartFormDataContent form = Form.With([("client_id", client), ("dest", destination), .. more]).File([1, 2, 3]);
        return (await (await _gateway.Http.PostAsync("files", form)).DataAsync()).GetProperty("uuid").GetString()!;
    }

    private async Task<IEnumerable<string>> TargetsOfAsync(string tags)
    {
        using MultipartFormDataContent form = Form.With(("tags", tags), ("dest", "/srv/x")).File([1]);
        string uuid = (await (await _gateway.Http.PostAsync("files", form)).DataAsync()).GetProperty("uuid").GetString()!;
        return (await StatusOfAsync(uuid)).Keys;
    }

    private async Task<Dictionary<string, string>> StatusOfAsync(string uuid) =>
        (await (await _gateway.Http.GetAsync($"files/{uuid}")).DataAsync()).GetProperty("clients").EnumerateArray()
            .ToDictionary(c => c.GetProperty("client_id").GetString()!, c => c.GetProperty("status").GetString()!);

    private async Task<JsonElement> FinishedAsync(string uuid)
    {
        JsonElement push = default;
        await Eventually.TrueAsync($"{uuid} has ended", async () =>
        {
            push = await (await _gateway.Http.GetAsync($"files/{uuid}")).DataAsync();
            return push.GetProperty("finished_at").ValueKind != JsonValueKind.Null;
        });
        return push;
    }

    private static Task GoneAsync(string file) => Eventually.TrueAsync($"{file} is deleted", () => Task.FromResult(!File.Exists(file)));

    private string[] Stored() => [.. Directory.EnumerateFiles(_gateway.PayloadFolder, "*", SearchOption.AllDirectories).Order()];
}
