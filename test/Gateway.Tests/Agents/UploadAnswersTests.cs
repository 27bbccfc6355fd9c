using System.Text;
using System.Text.Json;
using RPort.Gateway.Agents.Pushes;
using RPort.Grains.Abstractions;
using RPort.Ssh;

namespace RPort.Gateway.Tests.Agents;

public sealed class UploadAnswersTests
{
    private static readonly PushOrder Order = new()
    {
        Upload = new UploadId("up-1"),
        Destination = "/srv/x",
        Mode = 416,
        Size = 31,
        Md5 = "bWQ1",
        Sha256 = "c2hh",
        Attempt = 2,
    };

    [Fact]
    public void An_existing_agent_gets_exactly_the_fields_it_knows()
    {
        using JsonDocument json = JsonDocument.Parse(UploadAnswers.WriteOrder(Order, "/token", push2: false));
        Assert.Equal(
            ["ID", "SourceFilePath", "DestinationPath", "DestinationFileMode", "DestinationFileOwner", "DestinationFileGroup", "ForceWrite", "Sync", "Md5Checksum"],
            json.RootElement.EnumerateObject().Select(p => p.Name));
        Assert.Equal(416, json.RootElement.GetProperty("DestinationFileMode").GetInt32());
    }

    [Fact]
    public void An_agent_with_push2_gets_the_others_as_well()
    {
        using JsonDocument json = JsonDocument.Parse(UploadAnswers.WriteOrder(Order, "/token", push2: true));
        Assert.Equal(31, json.RootElement.GetProperty("Size").GetInt64());
        Assert.Equal("c2hh", json.RootElement.GetProperty("Sha256Checksum").GetString());
        Assert.Equal(2, json.RootElement.GetProperty("Attempt").GetInt32());
    }

    [Fact]
    public void An_acceptance_is_no_report() => Assert.Null(UploadAnswers.ReadReply(Order, Ok("""{"accepted":true}""")));

    [Fact]
    public void A_result_is_a_report()
    {
        PushReport report = UploadAnswers.ReadReply(Order, Ok("""{"uuid":"up-1","filepath":"/srv/x","size":31,"message":"done","status":"success"}"""))!;
        Assert.Equal(new PushReport(Order.Upload, PushStatus.Success, "done", "/srv/x", 31, 2), report);
        Assert.Equal(PushStatus.Ignored, UploadAnswers.ReadReply(Order, Ok("""{"status":"ignored","filepath":"/srv/x"}"""))!.Status);
    }

    [Fact]
    public void A_failure_names_the_agents_text_and_no_file()
    {
        PushReport report = UploadAnswers.ReadReply(Order, SshReply.Fail("target path /bin\nmatches"))!;
        Assert.Equal(new PushReport(Order.Upload, PushStatus.Error, "client error: target path /bin matches", "", 0, 2), report);
        report = UploadAnswers.ReadReply(Order, Ok("""{"uuid":"up-1","filepath":"/srv/x","size":31,"message":"bad","status":"error"}"""))!;
        Assert.Equal(new PushReport(Order.Upload, PushStatus.Error, "bad", "", 0, 2), report);
    }

    [Fact]
    public void An_agent_that_knows_no_uploads_is_to_be_upgraded() =>
        Assert.StartsWith("client doesn't support uploads", UploadAnswers.ReadReply(Order, SshReply.Fail("unknown request"))!.Message);

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("{}")]
    [InlineData("""{"accepted":false}""")]
    [InlineData("""{"status":"great"}""")]
    [InlineData("""{"status":"success","size":-1}""")]
    public void An_answer_that_makes_no_sense_is_an_error(string answer) =>
        Assert.Equal(PushStatus.Error, UploadAnswers.ReadReply(Order, Ok(answer))!.Status);

    private static SshReply Ok(string json) => SshReply.Ok(Encoding.UTF8.GetBytes(json));
}
