using System.Globalization;
using System.Net.Sockets;
using RPort.Traffic;

const string Usage = """
    Traffic for the scripts of bench/, in as few system calls as possible. All on 127.0.0.1. Every client prints its figures in one line.

      serve PORT                            target of bulk, rtt, keystrokes and connections
      bulk PORT down|up STREAMS MEGABYTES   megabytes per second, all streams together
      rtt PORT COUNT                        one byte there and back, one after the other: median and 99th percentile in microseconds
      keystrokes PORT PAUSE_MS              the same with pauses, until the standard input ends; then also the longest, and how many
      connections PORT COUNT AT_A_TIME      connections per second: connect, one byte there and back, close
      http-serve PORT                       target of http: answers every request with 1 KiB
      http PORT CONNECTIONS SECONDS         requests per second over connections kept alive, median and 99th percentile in microseconds, requests
      udp-serve PORT                        target of udp and udp-rtt: echoes
      udp-rtt PORT COUNT BYTES              as rtt, with datagrams; then how many were lost
      udp PORT SECONDS BYTES AT_A_TIME      echoed datagrams per second with so many under way, how many, how many were lost
    """;

try
{
    string line = args switch
    {
        ["serve", var port] => EchoTarget.Serve(Number(port)),
        ["bulk", var port, "down" or "up", var streams, var megabytes] => Bulk.Run(Number(port), args[2] == "up", Number(streams), Number(megabytes) * 1_000_000L),
        ["rtt", var port, var count] => RoundTrips.Run(Number(port), Number(count)),
        ["keystrokes", var port, var pause] => RoundTrips.RunPaced(Number(port), Number(pause)),
        ["connections", var port, var count, var atATime] => Connections.Run(Number(port), Number(count), Number(atATime)),
        ["http-serve", var port] => WebTarget.Serve(Number(port)),
        ["http", var port, var connections, var seconds] => WebLoad.Run(Number(port), Number(connections), TimeSpan.FromSeconds(Number(seconds))),
        ["udp-serve", var port] => Datagrams.Serve(Number(port)),
        ["udp-rtt", var port, var count, var bytes] => Datagrams.RoundTrips(Number(port), Number(count), Number(bytes)),
        ["udp", var port, var seconds, var bytes, var atATime] => Datagrams.Flood(Number(port), TimeSpan.FromSeconds(Number(seconds)), Number(bytes), Number(atATime)),
        _ => throw new ArgumentException(Usage),
    };
    Console.WriteLine(line);
    return 0;
}
catch (Exception e) when (e is ArgumentException or SocketException or InvalidDataException)
{
    Console.Error.WriteLine(e.Message);
    return 1;
}

static int Number(string text) =>
    int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int number) && number > 0 ? number : throw new ArgumentException($"'{text}' is no number over 0.\n\n{Usage}");
