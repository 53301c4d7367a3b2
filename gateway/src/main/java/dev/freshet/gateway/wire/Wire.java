package dev.freshet.gateway.wire;

import io.netty.channel.Channel;
import io.netty.channel.ChannelPipeline;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http2.Http2FrameCodec;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Optional;
import java.util.Queue;
import java.util.function.BooleanSupplier;
import reactor.netty.Connection;
import reactor.netty.NettyPipeline;
import reactor.netty.http.Http2SettingsSpec;
import reactor.netty.http.server.HttpServer;
import reactor.netty.http.server.HttpServerRequest;

/**
 * How the gateway reads HTTP. Of HTTP/1.1 its own reading stands in place of Reactor Netty's; of
 * HTTP/2 the frames are Netty's to read, and each request is held to the same rules.
 */
public final class Wire {

  private static final String ENCODER = "freshet.answers";
  private static final String SLOW_READERS = "freshet.slow-readers";
  private static final String LINGERING_CLOSE = "freshet.lingering-close";
  private static final String EARLY_ENDS = "freshet.early-ends";
  private static final String AFTER_HANDSHAKE = "freshet.after-handshake";
  private static final String FRAME_ORDER = "freshet.frame-order";
  private static final String STRICT_STREAMS = "freshet.strict-streams";

  /** Requests that one connection may have open; RFC 9113, 6.5.2, asks for no fewer. */
  private static final int MOST_STREAMS = 100;

  /**
   * Streams that a client may take back; more in one window is a flood of them (CVE-2023-44487).
   */
  private static final int MOST_RESETS = 200;

  private static final int RESETS_WINDOW_SECONDS = 30;

  private final HeadLimits limits;
  private final Duration patience;
  private final BooleanSupplier isDraining;

  /**
   * Prepares to read.
   *
   * @param patience how long a client may take nothing of its answer
   * @param isDraining whether each answer is to be the last one of its connection
   */
  public Wire(HeadLimits limits, Duration patience, BooleanSupplier isDraining) {
    this.limits = limits;
    this.patience = patience;
    this.isDraining = isDraining;
  }

  /** A server whose connections are read strictly. */
  public HttpServer strict(HttpServer server) {
    return server
        .http2Settings(this::bound)
        .doOnChannelInit((observer, channel, address) -> install(channel));
  }

  private void bound(Http2SettingsSpec.Builder settings) {
    settings
        .maxConcurrentStreams(MOST_STREAMS)
        .maxHeaderListSize(limits.requestLineBytes() + limits.headersBytes())
        .maxDecodedRstFramesPerWindow(MOST_RESETS, RESETS_WINDOW_SECONDS);
  }

  private void install(Channel channel) {
    ChannelPipeline pipeline = channel.pipeline();
    if (pipeline.get(NettyPipeline.H2OrHttp11Codec) == null) {
      readStrictly(pipeline);
    } else {
      pipeline.addBefore(
          NettyPipeline.H2OrHttp11Codec,
          AFTER_HANDSHAKE,
          new AfterHandshake(() -> agreed(pipeline)));
    }
  }

  private void agreed(ChannelPipeline pipeline) {
    if (pipeline.get(NettyPipeline.HttpCodec) instanceof Http2FrameCodec frames) {
      pipeline
          .addBefore(NettyPipeline.HttpCodec, SLOW_READERS, new SlowReaders(patience))
          .addBefore(NettyPipeline.HttpCodec, FRAME_ORDER, new FrameOrder(frames, limits.within()))
          .addAfter(NettyPipeline.HttpCodec, STRICT_STREAMS, new StrictStreams(frames));
    } else {
      readStrictly(pipeline);
    }
  }

  private void readStrictly(ChannelPipeline pipeline) {
    Queue<HttpMethod> methods = new ArrayDeque<>(1);
    // By the name that Reactor Netty looks for when a connection becomes a WebSocket.
    StrictRequestDecoder decoder = new StrictRequestDecoder(limits, methods);
    pipeline.replace(NettyPipeline.HttpCodec, NettyPipeline.HttpCodec, decoder);
    pipeline.addFirst(LINGERING_CLOSE, new LingeringClose(decoder::mayMoreCome));
    pipeline.addBefore(NettyPipeline.HttpCodec, SLOW_READERS, new SlowReaders(patience));
    pipeline.addAfter(
        NettyPipeline.HttpCodec, ENCODER, new AnswerEncoder(methods, decoder, isDraining));
  }

  /** Why a request is refused before anything acts on it; empty when it may go on. */
  public Optional<Malformed> objection(HttpServerRequest request) {
    return isOfHttp2(request) ? ofStream(request) : Malformed.in(request.requestHeaders());
  }

  private static boolean isOfHttp2(HttpServerRequest request) {
    return request.version().majorVersion() == 2;
  }

  private Optional<Malformed> ofStream(HttpServerRequest request) {
    if (request instanceof Connection stream) {
      stream
          .channel()
          .pipeline()
          .addFirst(SLOW_READERS, new SlowStreams(patience))
          .addFirst(EARLY_ENDS, new EarlyEnds());
    }
    HttpHeaders headers = request.requestHeaders();
    if (request.uri().length() > limits.requestLineBytes()) {
      return Optional.of(limits.tooLongLine());
    }
    return limits
        .ofCount(headers.size())
        .or(
            () ->
                RequestRules.objection(request.method(), request.uri(), headers)
                    .map(Malformed::of));
  }
}
