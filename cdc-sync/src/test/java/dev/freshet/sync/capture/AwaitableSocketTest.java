package dev.freshet.sync.capture;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class AwaitableSocketTest {

  private static final Duration LONG = Duration.ofSeconds(10);
  private static final Duration SHORT = Duration.ofMillis(20);

  private final AwaitableSocketFactory factory = new AwaitableSocketFactory("test");
  private ServerSocket listening;
  private AwaitableSocket socket;
  private Socket server;

  @BeforeEach
  void connect() throws IOException {
    listening = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
    socket = (AwaitableSocket) factory.createSocket();
    socket.connect(listening.getLocalSocketAddress());
    server = listening.accept();
  }

  @AfterEach
  void close() throws IOException {
    server.close();
    socket.close();
    listening.close();
    AwaitableSocketFactory.forget("test");
  }

  @Test
  void nothingToReadIsNotWaitedForLongerThanAsked() throws IOException {
    socket.setSoTimeout(7_000);

    assertThat(socket.awaitInput(SHORT)).isFalse();
    assertThat(socket.getSoTimeout()).as("pgjdbc's own timeout").isEqualTo(7_000);
  }

  @Test
  void whatWasWaitedForIsStillThereToRead() throws IOException {
    byte[] sent = "twelve bytes".getBytes(StandardCharsets.US_ASCII);
    server.getOutputStream().write(sent);

    assertThat(socket.awaitInput(LONG)).isTrue();
    assertThat(socket.awaitInput(LONG)).as("asked again").isTrue();
    InputStream input = socket.getInputStream();
    assertThat(input.available()).isEqualTo(sent.length);
    assertThat(input.read()).isEqualTo('t');
    server.getOutputStream().write('!');
    assertThat(input.readNBytes(sent.length)).asString().isEqualTo("welve bytes!");
    assertThat(socket.awaitInput(SHORT)).as("all is read").isFalse();
  }

  @Test
  void bytesBeyondAsciiAreReadAsTheyCame() throws IOException {
    server.getOutputStream().write(0xFF);

    assertThat(socket.awaitInput(LONG)).isTrue();
    assertThat(socket.getInputStream().read()).isEqualTo(0xFF);
  }

  @Test
  void aServerThatClosesEndsTheWait() throws IOException {
    server.close();

    assertThatThrownBy(() -> socket.awaitInput(LONG)).isInstanceOf(EOFException.class);
  }

  @Test
  void ofSeveralSocketsOfANameTheOneThatIsOpenIsFound() throws IOException {
    Socket other = factory.createSocket();
    assertThat(AwaitableSocketFactory.open("test")).containsSame((AwaitableSocket) other);

    other.close();
    assertThat(AwaitableSocketFactory.open("test")).containsSame(socket);

    socket.close();
    assertThat(AwaitableSocketFactory.open("test")).isEmpty();
  }
}
