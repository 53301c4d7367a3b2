package dev.freshet.gateway;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Requests that programs in a row might read each in its own way, made by rule. PATH stands for a
 * path of each one's own, and content holds a request that nobody must ever take for one.
 */
@SuppressWarnings("StringConcatToTextBlock") // each line of HTTP ends as it does on the wire
final class AmbiguousRequests {

  static final String PATH = "/n/PATH";

  private static final String SMUGGLED = "GET /smuggled/PATH HTTP/1.1\r\nHost: x\r\n\r\n";

  /** Content that both ways to tell a length can be right about. */
  private static final String CONTENT =
      "%x\r\n%s\r\n0\r\n\r\n".formatted(SMUGGLED.length(), SMUGGLED);

  private static final String START = "POST " + PATH + " HTTP/1.1\r\nHost: x\r\n";

  private static final List<String> LENGTHS =
      List.of(
          "",
          "Content-Length: LENGTH\r\n",
          "content-length:LENGTH\r\n",
          "Content-Length: 0\r\n",
          "Content-Length: 1\r\n",
          "Content-Length: +LENGTH\r\n",
          "Content-Length: LENGTH, LENGTH\r\n",
          "Content-Length: 0xLENGTH\r\n",
          "Content-Length: LENGTH\r\nContent-Length: 0\r\n",
          "Content-Length: 0\r\nContent-Length: LENGTH\r\n",
          "Content-Length: LENGTH\r\nContent-Length: LENGTH\r\n",
          "Content-Length : LENGTH\r\n",
          "Content_Length: LENGTH\r\n",
          "Content-Length: LENGTH \t\r\n");

  private static final List<String> ENCODINGS =
      List.of(
          "",
          "Transfer-Encoding: chunked\r\n",
          "transfer-encoding:CHUNKED\r\n",
          "Transfer-Encoding: chunked \t\r\n",
          "Transfer-Encoding: xchunked\r\n",
          "Transfer-Encoding: identity\r\n",
          "Transfer-Encoding: chunked, identity\r\n",
          "Transfer-Encoding: gzip, chunked\r\n",
          "Transfer-Encoding: \"chunked\"\r\n",
          "Transfer-Encoding: chunked;x=y\r\n",
          "Transfer-Encoding: ,chunked\r\n",
          "Transfer-Encoding:\r\n chunked\r\n",
          "Transfer-Encoding : chunked\r\n",
          "Transfer_Encoding: chunked\r\n",
          "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n",
          "X: y\rTransfer-Encoding: chunked\r\n",
          "X: y\nTransfer-Encoding: chunked\r\n",
          "Transfer-Encoding: \u000bchunked\r\n",
          "Transfer-Encoding: chunked\u0000\r\n");

  private static final List<String> NAMES =
      List.of("Content-Length", "Transfer-Encoding", "Host", "Connection", "Expect");

  /** How a header is written; NAME and VALUE stand for what it has. */
  private static final List<String> SPELLINGS =
      List.of(
          "NAME : VALUE\r\n",
          "NAME\t: VALUE\r\n",
          " NAME: VALUE\r\n",
          "\tNAME: VALUE\r\n",
          "NAME:\r\n VALUE\r\n",
          "NAME:\r\n\tVALUE\r\n",
          "NAME: VALUE\r\n \r\n",
          "NAME VALUE\r\n",
          "NAME\r\n",
          "NAME:: VALUE\r\n",
          ":NAME: VALUE\r\n",
          "\"NAME\": VALUE\r\n",
          "NAME\u0000: VALUE\r\n",
          "\u0000NAME: VALUE\r\n",
          "NAME\u00a0: VALUE\r\n",
          "X-NAME: VALUE\r\n",
          "X: y\rNAME: VALUE\r\n",
          "X: y\nNAME: VALUE\r\n",
          "X: y\u0000NAME: VALUE\r\n",
          "NAME: VALUE\n",
          "NAME: VALUE\r\r\n",
          "NAME: VALUE\n\r\n",
          "NAME: VALUE\u0000\r\n",
          "NAME: VALUE\u007f\r\n",
          "NAME: VALUE\r\nNAME: VALUE\r\n",
          "nAmE: VALUE\r\n");

  private static final List<String> LINE_ENDS =
      List.of(
          "\n",
          "\r",
          "\r\r\n",
          "\n\r",
          "\n\r\n",
          "\u0085",
          "\u0000\r\n",
          " \r\n",
          "\t\r\n",
          "\u000b\r\n");

  private static final List<String> METHODS =
      List.of(
          "GET",
          "get",
          "GeT",
          "HEAD",
          "OPTIONS",
          "TRACE",
          "CONNECT",
          "PRI",
          "QUERY",
          "X-OWN",
          "!#$%&'*+-.^_`|~",
          "G\u0000ET",
          "G(ET",
          "G\u00c9T",
          " GET",
          "GET ",
          "GET\t",
          "",
          "GET /x",
          "X".repeat(300));

  private static final List<String> TARGETS =
      List.of(
          "http://x" + PATH,
          "http://y" + PATH,
          "//y" + PATH,
          PATH.substring(1),
          "*",
          "x:80",
          PATH + "#a",
          PATH + "?#a",
          PATH + "\\a",
          PATH + "%",
          PATH + "%zz",
          PATH + "%00",
          PATH + "%0d%0aX:y",
          PATH + "/..",
          PATH + "/%2e%2e/a",
          PATH + "/./a",
          PATH + "%2fa",
          PATH + "%5ca",
          PATH + ";x=y",
          PATH + "?a b",
          PATH + "?a\tb",
          PATH + "?\u00e9",
          PATH + "?a=%0d%0a",
          PATH + "?{\"a\"|'b'^`<>}",
          PATH + " HTTP/1.1\r\nX: y",
          "/.freshet/PATH",
          "/%2efreshet/PATH",
          PATH + "?" + "a".repeat(9_000));

  private static final List<String> VERSIONS =
      List.of(
          "HTTP/1.0",
          "HTTP/0.9",
          "HTTP/1.2",
          "HTTP/2.0",
          "HTTP/1.10",
          "HTTP/01.1",
          "http/1.1",
          "HTTP/1.1 ",
          " HTTP/1.1",
          "HTTP /1.1",
          "HTTP/1.1\t",
          "HTTP/+1.1",
          "XTTP/1.1",
          "HTTP/1,1",
          "");

  /** What may stand where a chunk's size does, HEX for the size of what follows. */
  private static final List<String> SIZES =
      List.of(
          "HEX",
          "0HEX",
          "0000HEX",
          "000000000HEX",
          "HEX;",
          "HEX;a",
          "HEX;a=b",
          "HEX;a=\"b c\"",
          "HEX;a=\"\r\n\"",
          "HEX;a=\u0000",
          "HEX;a\rb",
          "HEX ",
          " HEX",
          "\tHEX",
          "HEX\t",
          "+HEX",
          "-HEX",
          "0xHEX",
          "HEXh",
          "HEX_",
          "HEX,",
          "HEX HEX",
          "HEX\u0000",
          "",
          ";a",
          "HEX\r",
          "HEX;\n",
          "ffffffffffffffffHEX",
          "1000000000000000HEX",
          "\"HEX\"");

  /** What may stand behind the last chunk. */
  private static final List<String> TRAILERS =
      List.of(
          "",
          "X: y\r\n",
          "Content-Length: 9\r\n",
          "Transfer-Encoding: chunked\r\n",
          "Host: y\r\n",
          "X: y\n",
          "X : y\r\n",
          " X: y\r\n",
          "X\r\n",
          "X: a\r\n b\r\n",
          "X: \u0000\r\n",
          ": y\r\n",
          "X: " + "y".repeat(40_000) + "\r\n");

  private static final List<String> CONNECTIONS =
      List.of(
          "Connection: Content-Length\r\n",
          "Connection: Transfer-Encoding\r\n",
          "Connection: Host\r\n",
          "Connection: close, Content-Length\r\n",
          "Connection: keep-alive, Host\r\n",
          "Connection: ,\r\n",
          "Connection: Upgrade, HTTP2-Settings\r\n"
              + "Upgrade: h2c\r\n"
              + "HTTP2-Settings: AAMAAABkAAQAAP__\r\n",
          "Connection: Upgrade\r\nUpgrade: websocket\r\n",
          "Keep-Alive: timeout=1\r\n",
          "Proxy-Connection: close\r\n",
          "TE: trailers, chunked\r\n",
          "Trailer: Content-Length\r\n",
          "Expect: 100-continue, x\r\n",
          "Expect: x\r\n",
          "Max-Forwards: 0\r\n",
          "X-HTTP-Method-Override: DELETE\r\n",
          "Content-Encoding: chunked\r\n",
          "Sec-WebSocket-Key1: 1\r\nSec-WebSocket-Key2: 2\r\n");

  private AmbiguousRequests() {}

  /** All of them, each complete by one reading or another. */
  static List<String> all() {
    List<String> all = new ArrayList<>();
    for (String length : LENGTHS) {
      for (String encoding : ENCODINGS) {
        all.add(START + length + encoding + "\r\n" + CONTENT);
        if (!length.isEmpty() && !encoding.isEmpty()) {
          all.add(START + encoding + length + "\r\n" + CONTENT);
        }
      }
    }
    for (String name : NAMES) {
      for (String spelling : SPELLINGS) {
        String header = spelling.replace("NAME", name).replace("VALUE", value(name));
        all.add(START + header + "\r\n" + CONTENT);
      }
    }
    for (String end : LINE_ENDS) {
      all.add("GET " + PATH + " HTTP/1.1" + end + "Host: x\r\n\r\n");
      all.add("GET " + PATH + " HTTP/1.1\r\nHost: x" + end + "\r\n");
      all.add("GET " + PATH + " HTTP/1.1\r\nHost: x\r\nX: y" + end + "\r\n");
      all.add("GET " + PATH + " HTTP/1.1\r\nHost: x\r\n" + end);
      all.add(end + "GET " + PATH + " HTTP/1.1\r\nHost: x\r\n\r\n");
    }
    METHODS.forEach(method -> all.add(method + " " + PATH + " HTTP/1.1\r\nHost: x\r\n\r\n"));
    METHODS.forEach(
        method ->
            all.add(
                method
                    + " "
                    + PATH
                    + " HTTP/1.1\r\nHost: x\r\nContent-Length: LENGTH\r\n\r\n"
                    + CONTENT));
    TARGETS.forEach(target -> all.add("GET " + target + " HTTP/1.1\r\nHost: x\r\n\r\n"));
    VERSIONS.forEach(version -> all.add("GET " + PATH + " " + version + "\r\nHost: x\r\n\r\n"));
    for (String size : SIZES) {
      String line = size.replace("HEX", Integer.toHexString(SMUGGLED.length()));
      all.add(
          START
              + "Transfer-Encoding: chunked\r\n\r\n"
              + line
              + "\r\n"
              + SMUGGLED
              + "\r\n0\r\n\r\n");
    }
    for (String trailer : TRAILERS) {
      all.add(START + "Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n" + trailer + "\r\n");
    }
    for (String connection : CONNECTIONS) {
      all.add(START + connection + "Content-Length: LENGTH\r\n\r\n" + CONTENT);
      all.add("GET " + PATH + " HTTP/1.1\r\nHost: x\r\n" + connection + "\r\n");
    }
    return IntStream.range(0, all.size())
        .mapToObj(i -> all.get(i).replace("PATH", "%04d".formatted(i)))
        .map(request -> request.replace("LENGTH", Integer.toString(CONTENT.length())))
        .toList();
  }

  private static String value(String name) {
    return switch (name) {
      case "Content-Length" -> "LENGTH";
      case "Transfer-Encoding" -> "chunked";
      case "Host" -> "y";
      case "Connection" -> "close";
      default -> "100-continue";
    };
  }
}
