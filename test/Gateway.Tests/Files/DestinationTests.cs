using RPort.Gateway.Files;

namespace RPort.Gateway.Tests.Files;

public sealed class DestinationTests
{
    [Theory]
    [InlineData("/proc/x", "uploads to /proc/ are forbidden")]
    [InlineData("//proc/x", "uploads to /proc/ are forbidden")]
    [InlineData("/tmp/../proc/x", "uploads to /proc/ are forbidden")]
    [InlineData("/./proc//self/x", "uploads to /proc/ are forbidden")]
    [InlineData("/../../sys/x", "uploads to /sys/ are forbidden")]
    [InlineData("/dev", "uploads to /dev/ are forbidden")]
    [InlineData("/run/x", "uploads to /run/ are forbidden")]
    [InlineData("/secret/x", "uploads to /secret/ are forbidden")]
    public void A_denied_folder_is_denied_however_it_is_written(string destination, string detail)
    {
        var failure = Destination.Check(destination, ["/secret"]);

        Assert.Equal(400, failure!.Status);
        Assert.Equal(("BAD_DESTINATION", "upload denied", detail), (failure.Errors[0].Code, failure.Errors[0].Title, failure.Errors[0].Detail));
    }

    [Theory]
    [InlineData("/processes/x")]
    [InlineData("/tmp/proc/x")]
    [InlineData("/secrets/x")]
    [InlineData(@"C:\Users\x.txt")]
    [InlineData("C:/Users/x.txt")]
    [InlineData(@"\\server\share\x")]
    [InlineData("/tmp/ünïcode name")]
    public void Other_places_are_not(string destination) => Assert.Null(Destination.Check(destination, ["/secret"]));

    [Theory]
    [InlineData("", "empty destination file path")]
    [InlineData("relative/x", "destination file path must be absolute")]
    [InlineData("C:x", "destination file path must be absolute")]
    [InlineData("/tmp/", "destination file path must name a file")]
    [InlineData("/tmp/a\nb", "invalid destination file path")]
    [InlineData("/tmp/a\0b", "invalid destination file path")]
    public void A_path_that_names_no_file_is_refused(string destination, string title) =>
        Assert.Equal(title, Destination.Check(destination, [])!.Errors[0].Title);
}
