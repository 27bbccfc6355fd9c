using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace RPort.Protocol.Tests;

/// <summary>Names and shapes on the wire are those existing agents and servers know.</summary>
public sealed class MessageTests
{
    [Fact]
    public void An_order_for_an_existing_agent_holds_exactly_the_known_members()
    {
        UploadOrder order = new()
        {
            Id = "up-1",
            SourceFilePath = "/p",
            DestinationPath = "/srv/a",
            DestinationFileMode = Convert.ToInt32("640", 8),
            Md5Checksum = "MBuZ7rO3uR9SwyiTDc4Rmw==",
        };
        Assert.Equal(
            """{"ID":"up-1","SourceFilePath":"/p","DestinationPath":"/srv/a","DestinationFileMode":416,"DestinationFileOwner":"","DestinationFileGroup":"","ForceWrite":false,"Sync":false,"Md5Checksum":"MBuZ7rO3uR9SwyiTDc4Rmw=="}""",
            Encoding.UTF8.GetString(ProtocolJson.Write(order, ProtocolJson.Default.UploadOrder)));
    }

    [Fact]
    public void What_push2_adds_is_written_only_when_it_is_set()
    {
        UploadOrder order = new() { Id = "up-1", Sha256Checksum = "x", Size = 5, LenientOwnership = true, Attempt = 2 };
        string json = Encoding.UTF8.GetString(ProtocolJson.Write(order, ProtocolJson.Default.UploadOrder));
        Assert.Contains("\"Sha256Checksum\":\"x\",\"Size\":5,\"LenientOwnership\":true,\"Attempt\":2", json, StringComparison.Ordinal);
        Assert.Equal(order, ProtocolJson.TryRead(Encoding.UTF8.GetBytes(json), ProtocolJson.Default.UploadOrder));
    }

    [Fact]
    public void A_result_of_an_existing_agent_is_read()
    {
        byte[] json = """{"uuid":"up-1","filepath":"/srv/a","size":31,"message":"file successfully copied to destination /srv/a","status":"success"}"""u8.ToArray();
        Assert.Equal(
            new UploadResult { Id = "up-1", FilePath = "/srv/a", Size = 31, Message = "file successfully copied to destination /srv/a", Status = UploadResult.Success },
            ProtocolJson.TryRead(json, ProtocolJson.Default.UploadResult));
    }

    [Fact]
    public void A_connection_request_of_an_existing_agent_is_read_with_its_nulls_and_unknown_members()
    {
        byte[] json = """
            {"ID":"host-1","Name":"one","SessionID":"587f","OS":"Linux","OSFullName":"Debian 12","OSVersion":"12","OSArch":"amd64","OSFamily":"debian","OSKernel":"linux",
             "Version":"0.9.14","Hostname":"vm","CPUFamily":"26","NumCPUs":2,"MemoryTotal":25276510208,"Timezone":"UTC (UTC+00:00)","IPv4":["192.0.2.2"],"IPv6":["fd00::2"],
             "Tags":["win","server"],"Labels":null,"Remotes":null,"ClientConfiguration":{"client":{"auth":"a:b"}},"SomethingNew":{"x":1}}
            """u8.ToArray();
        ConnectionRequest request = ProtocolJson.TryRead(json, ProtocolJson.Default.ConnectionRequest)!;
        Assert.Equal(("host-1", "one", "587f", 2, 25276510208), (request.Id, request.Name, request.SessionId, request.NumCpus, request.MemoryTotal));
        Assert.Equal(["win", "server"], request.Tags!);
        Assert.Null(request.Labels);
        Assert.Null(request.Features);
        Assert.Equal(JsonValueKind.Object, request.ClientConfiguration!.Value.ValueKind);
    }

    [Fact]
    public void Capabilities_are_written_under_the_known_names()
    {
        byte[] json = ProtocolJson.Write(new Capabilities { ServerVersion = "1", MonitoringVersion = 1, IpAddressesVersion = 1 }, ProtocolJson.Default.Capabilities);
        Assert.Equal("""{"ServerVersion":"1","MonitoringVersion":1,"IPAddressesVersion":1}""", Encoding.UTF8.GetString(json));
    }

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("{")]
    [InlineData("[]")]
    [InlineData("7")]
    [InlineData("""{"ID":7}""")]
    [InlineData("""{"ID":"x","Size":"large"}""")]
    [InlineData("""{"ID":"x"} trailing""")]
    public void What_is_no_message_is_null_and_no_exception(string text) =>
        Assert.Null(ProtocolJson.TryRead(Encoding.UTF8.GetBytes(text), ProtocolJson.Default.UploadOrder));

    [Fact]
    public void A_hundred_thousand_damaged_messages_per_type_throw_nothing()
    {
        const int Seed = 20251;
        Random random = new(Seed);
        Damage(new UploadOrder { Id = "up-1", SourceFilePath = "/p", Size = 5, Attempt = 1 }, ProtocolJson.Default.UploadOrder, random);
        Damage(new UploadResult { Id = "up-1", Message = "m", Status = "success" }, ProtocolJson.Default.UploadResult, random);
        Damage(new ConnectionRequest { Id = "c", Tags = ["a"], Labels = new Dictionary<string, string> { ["k"] = "v" } }, ProtocolJson.Default.ConnectionRequest, random);
    }

    private static void Damage<T>(T message, JsonTypeInfo<T> type, Random random)
        where T : class
    {
        byte[] whole = ProtocolJson.Write(message, type);
        int read = 0;
        for (int i = 0; i < 100_000; i++)
        {
            byte[] damaged = whole.AsSpan(0, random.Next(4) == 0 ? random.Next(whole.Length) : whole.Length).ToArray();
            for (int n = random.Next(1, 4); n > 0 && damaged.Length > 0; n--)
            {
                damaged[random.Next(damaged.Length)] = (byte)random.Next(256);
            }

            read += ProtocolJson.TryRead(damaged, type) is null ? 0 : 1;
        }

        Assert.InRange(read, 1, 99_999); // both outcomes were reached
    }
}
