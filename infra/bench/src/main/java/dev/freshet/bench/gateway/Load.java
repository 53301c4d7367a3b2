package dev.freshet.bench.gateway;

import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.SocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.handler.codec.http.HttpObject;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpResponseDecoder;
import io.netty.handler.codec.http.LastHttpContent;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.IntFunction;
import org.HdrHistogram.ConcurrentHistogram;
import org.HdrHistogram.Histogram;

/** Keep-alive connections, each of which sends its next request once it has its answer. */
public final class Load implements AutoCloseable {

  private static final long LONGEST_SECONDS = 120;
  private static final int DIGITS = 3;
  private static final Set<Integer> DONE = Set.of(200, 201, 204);

  private final EventLoopGroup loops =
      new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());

  /**
   * What came of it.
   *
   * @param seconds from the first request to the last answer
   * @param latencies in nanoseconds
   */
  public record Outcome(double seconds, Histogram latencies) {}

  /**
   * Sends requests and waits for the answers.
   *
   * @param port on loopback
   * @param headers whole lines, each with its end
   * @throws IllegalStateException when one is answered otherwise than as done, or not in time
   */
  public Outcome run(int port, String path, String headers, int connections, int requests)
      throws Exception {
    ByteBuf request = request(path, headers);
    return run(port, new Round(number -> request, requests, true), connections);
  }

  /** A request with content, to be answered by 200, 201 or 204. */
  public record Post(String path, String headers, String json) {}

  /**
   * The same with content, each request another one.
   *
   * @param posts by the request's number, from 0
   */
  public Outcome post(int port, IntFunction<Post> posts, int connections, int requests)
      throws Exception {
    return run(
        port, new Round(number -> request(posts.apply(number)), requests, true), connections);
  }

  private Outcome run(int port, Round round, int connections) throws Exception {
    List<Channel> channels = open(port, connections, round);
    try {
      long started = System.nanoTime();
      round.go(channels);
      return new Outcome((System.nanoTime() - started) / 1e9, round.latencies);
    } finally {
      channels.forEach(channel -> channel.close().syncUninterruptibly());
    }
  }

  /** Opens connections, each with one request, and leaves them idle until they are closed. */
  List<Channel> openIdle(int port, String path, int connections) throws Exception {
    List<Channel> all = new ArrayList<>();
    int inOneGo = 100;
    for (int opened = 0; opened < connections; opened += inOneGo) {
      ByteBuf request = request(path, "");
      Round round = new Round(number -> request, inOneGo, false);
      List<Channel> channels = open(port, inOneGo, round);
      round.go(channels);
      all.addAll(channels);
    }
    return all;
  }

  private static ByteBuf request(String path, String headers) {
    return Unpooled.unreleasableBuffer(
        Unpooled.copiedBuffer(
            "GET %s HTTP/1.1\r\nHost: bench.example\r\nAccept: */*\r\n%s\r\n"
                .formatted(path, headers),
            StandardCharsets.US_ASCII));
  }

  private static ByteBuf request(Post post) {
    byte[] content = post.json().getBytes(StandardCharsets.UTF_8);
    return Unpooled.wrappedBuffer(
        "POST %s HTTP/1.1\r\nHost: bench.example\r\nContent-Type: application/json\r\nContent-Length: %d\r\n%s\r\n"
            .formatted(post.path(), content.length, post.headers())
            .getBytes(StandardCharsets.US_ASCII),
        content);
  }

  private List<Channel> open(int port, int connections, Round round) throws InterruptedException {
    Bootstrap bootstrap =
        new Bootstrap()
            .group(loops)
            .channel(NioSocketChannel.class)
            .handler(
                new ChannelInitializer<SocketChannel>() {
                  @Override
                  protected void initChannel(SocketChannel channel) {
                    channel.pipeline().addLast(new HttpResponseDecoder(), new Client(round));
                  }
                });
    List<Channel> channels = new ArrayList<>();
    for (int i = 0; i < connections; i++) {
      channels.add(bootstrap.connect("127.0.0.1", port).sync().channel());
    }
    return channels;
  }

  /** Requests that are shared out to connections. */
  private static final class Round {
    private final IntFunction<ByteBuf> requests;
    private final boolean goesOn;
    private final AtomicInteger number = new AtomicInteger();
    private final AtomicLong toSend;
    private final AtomicLong toAnswer;
    private final Histogram latencies =
        new ConcurrentHistogram(TimeUnit.SECONDS.toNanos(LONGEST_SECONDS), DIGITS);
    private final CompletableFuture<Boolean> done = new CompletableFuture<>();

    /**
     * Prepares a round.
     *
     * @param requests by their number, from 0
     * @param goesOn whether a connection sends again once it has its answer
     */
    Round(IntFunction<ByteBuf> requests, int count, boolean goesOn) {
      this.requests = requests;
      this.toSend = new AtomicLong(count);
      this.toAnswer = new AtomicLong(count);
      this.goesOn = goesOn;
    }

    /** Sends the first request on each connection, and waits for all answers. */
    void go(List<Channel> channels) throws Exception {
      for (Channel channel : channels) {
        ChannelHandlerContext context = channel.pipeline().context(Client.class);
        channel.eventLoop().execute(() -> ((Client) context.handler()).send(context));
      }
      done.get(LONGEST_SECONDS, TimeUnit.SECONDS);
    }
  }

  private static final class Client extends SimpleChannelInboundHandler<HttpObject> {
    private final Round round;
    private long sentNanos;

    Client(Round round) {
      this.round = round;
    }

    private void send(ChannelHandlerContext context) {
      if (round.toSend.getAndDecrement() > 0) {
        ByteBuf request = round.requests.apply(round.number.getAndIncrement());
        sentNanos = System.nanoTime();
        ChannelFuture sent = context.writeAndFlush(request.duplicate());
        sent.addListener(ChannelFutureListener.CLOSE_ON_FAILURE);
      }
    }

    @Override
    protected void channelRead0(ChannelHandlerContext context, HttpObject part) {
      if (part instanceof HttpResponse response && !DONE.contains(response.status().code())) {
        round.done.completeExceptionally(
            new IllegalStateException("An answer was " + response.status()));
      }
      if (part instanceof LastHttpContent) {
        round.latencies.recordValue(System.nanoTime() - sentNanos);
        if (round.toAnswer.decrementAndGet() == 0) {
          round.done.complete(true);
        }
        if (round.goesOn) {
          send(context);
        }
      }
    }

    @Override
    public void channelInactive(ChannelHandlerContext context) {
      if (round.toAnswer.get() > 0) {
        round.done.completeExceptionally(
            new IllegalStateException("A connection was closed before its answer"));
      }
    }
  }

  @Override
  public void close() {
    loops.shutdownGracefully(0, 1, TimeUnit.SECONDS).syncUninterruptibly();
  }
}
