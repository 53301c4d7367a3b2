package dev.freshet.gateway.wire;

import dev.freshet.protocol.ProblemCode;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.http.HttpConstants;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpDecoderConfig;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpMessage;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpRequestDecoder;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.handler.codec.http.TooLongHttpHeaderException;
import io.netty.handler.codec.http.TooLongHttpLineException;
import io.netty.util.AsciiString;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Netty's decoder of requests, without what it is lenient about: a request that two programs could
 * read in two ways becomes one that is only there to be refused ({@link Malformed}), and nothing
 * that comes after it on its connection is read.
 */
final class StrictRequestDecoder extends HttpRequestDecoder {

  private static final Set<String> VERSIONS = Set.of("HTTP/1.1", "HTTP/1.0");

  /** Of content that comes after its answer: less is read, so that the connection can go on. */
  private static final long MOST_READ_TO_GO_ON = 64L * 1024;

  private final HeadLimits limits;
  private final Queue<HttpMethod> methods;
  private @Nullable Future<?> slowHead;
  private boolean isInHead = true;
  private long contentLeft;
  private boolean isAwaitedToGoOn;
  private boolean isStopped;
  private boolean isLast;
  private boolean hasRequestLine;
  private boolean hasLength;
  private int wordEnd;
  private @Nullable ChunkFraming chunks;

  /**
   * Prepares to decode one connection's requests.
   *
   * @param methods where those go that are yet to be answered, in order
   */
  StrictRequestDecoder(HeadLimits limits, Queue<HttpMethod> methods) {
    super(
        new HttpDecoderConfig()
            .setMaxInitialLineLength(limits.requestLineBytes())
            .setMaxHeaderSize(limits.headersBytes())
            .setStrictLineParsing(true));
    this.limits = limits;
    this.methods = methods;
  }

  @Override
  protected void decode(ChannelHandlerContext context, ByteBuf buffer, List<Object> out)
      throws Exception {
    if (isStopped || (isInHead && isLast)) {
      buffer.skipBytes(buffer.readableBytes());
      return;
    }
    if (isInHead && holdsFoldedHeader(buffer)) {
      refuse(buffer, out, Malformed.of("A header goes on in the next line (RFC 9112, 5.2)."));
      return;
    }
    if (chunks != null && !chunks.allows(buffer)) {
      stop(buffer);
      out.add(new BrokenContent());
      return;
    }
    int before = out.size();
    int from = buffer.readerIndex();
    super.decode(context, buffer, out);
    if (chunks != null) {
      chunks.consumed(buffer.readerIndex() - from);
    }
    for (int i = before; i < out.size(); i++) {
      switch (out.get(i)) {
        case HttpRequest request -> begin(request, buffer, out, i);
        case LastHttpContent last when last.decoderResult().isFailure() -> {
          stop(buffer);
          out.set(i, new BrokenContent());
        }
        case LastHttpContent ignored -> {
          isInHead = true;
          chunks = null;
        }
        case HttpContent part -> {
          contentLeft -= part.content().readableBytes();
          isAwaitedToGoOn = false;
        }
        default -> {
          // Nothing else comes.
        }
      }
    }
  }

  private void begin(HttpRequest request, ByteBuf buffer, List<Object> out, int index) {
    Optional<Malformed> objection = objection(request);
    if (objection.isPresent()) {
      out.subList(index, out.size()).clear(); // its own empty end, at most
      refuse(buffer, out, objection.get());
      return;
    }
    methods.add(request.method());
    isInHead = false;
    hasRequestLine = false;
    hasLength = false;
    stopHeadClock();
    chunks = HttpUtil.isTransferEncodingChunked(request) ? new ChunkFraming() : null;
    contentLeft = chunks == null ? HttpUtil.getContentLength(request, 0L) : Long.MAX_VALUE;
    isAwaitedToGoOn = HttpUtil.is100ContinueExpected(request);
  }

  private Optional<Malformed> objection(HttpRequest request) {
    if (request.decoderResult().isFailure()) {
      return Optional.of(malformed(request.decoderResult().cause()));
    }
    return limits
        .ofCount(request.headers().size())
        .or(() -> RequestRules.objection(request).map(Malformed::of));
  }

  private Malformed malformed(Throwable cause) {
    return switch (cause) {
      case TooLongHttpLineException ignored -> limits.tooLongLine();
      case TooLongHttpHeaderException ignored -> limits.tooLargeHeaders();
      default -> Malformed.of("This can't be read as HTTP/1.1: " + cause.getMessage() + ".");
    };
  }

  /** Whether no more requests are taken, and the connection only waits for its answers. */
  boolean takesNoMore() {
    return isStopped || isLast;
  }

  /**
   * Whether the request that is answered now has to be the last: nobody will read the rest of its
   * content, which may be long, or may not come at all.
   */
  boolean isTheLast() {
    return takesNoMore() || (!isInHead && (isAwaitedToGoOn || contentLeft > MOST_READ_TO_GO_ON));
  }

  /** Whether the client may be sending what nobody will read. */
  boolean mayMoreCome() {
    return takesNoMore() || !isInHead;
  }

  /** The client has had an interim answer. */
  void saidToGoOn(HttpResponseStatus status) {
    if (status.equals(HttpResponseStatus.CONTINUE)) {
      isAwaitedToGoOn = false;
    }
  }

  /** The request that is being read, if there is one, is the last. */
  void takeNoMore() {
    isLast = true;
  }

  /** Nobody can say where the next request begins. */
  private void stop(ByteBuf buffer) {
    buffer.skipBytes(buffer.readableBytes());
    isStopped = true;
  }

  private void refuse(ByteBuf buffer, List<Object> out, Malformed malformed) {
    stop(buffer);
    refuse(malformed, out::add);
  }

  private void refuse(Malformed malformed, Consumer<Object> onwards) {
    HttpRequest request = malformed.asRequest();
    methods.add(request.method());
    onwards.accept(request);
    onwards.accept(LastHttpContent.EMPTY_LAST_CONTENT);
  }

  /** Whether a line of the head begins with a space; the decoder has taken whole lines so far. */
  private boolean holdsFoldedHeader(ByteBuf buffer) {
    int end = buffer.writerIndex();
    int lineStart = buffer.readerIndex();
    boolean isEmptyTheEnd = hasRequestLine;
    while (lineStart < end) {
      byte first = buffer.getByte(lineStart);
      if (first == HttpConstants.SP || first == HttpConstants.HT) {
        return true;
      }
      boolean isEmpty = first == HttpConstants.CR;
      int lineFeed = buffer.indexOf(lineStart, end, HttpConstants.LF);
      if (lineFeed < 0 || (isEmpty && isEmptyTheEnd)) {
        return false;
      }
      isEmptyTheEnd |= !isEmpty;
      lineStart = lineFeed + 1;
    }
    return false;
  }

  @Override
  public void channelReadComplete(ChannelHandlerContext context) throws Exception {
    boolean isAmidstHead = isInHead && !isStopped && (hasRequestLine || actualReadableBytes() > 0);
    if (isAmidstHead && slowHead == null) {
      slowHead =
          context
              .executor()
              .schedule(
                  () -> refuseSlowHead(context), limits.within().toNanos(), TimeUnit.NANOSECONDS);
    } else if (!isAmidstHead) {
      stopHeadClock();
    }
    super.channelReadComplete(context);
  }

  private void stopHeadClock() {
    if (slowHead != null) {
      slowHead.cancel(false);
      slowHead = null;
    }
  }

  private void refuseSlowHead(ChannelHandlerContext context) {
    isStopped = true;
    refuse(
        new Malformed(
            ProblemCode.REQUEST_TIMEOUT,
            "The request's head did not come within %d s.".formatted(limits.within().toSeconds())),
        context::fireChannelRead);
    context.fireChannelReadComplete();
  }

  @Override
  protected void handlerRemoved0(ChannelHandlerContext context) throws Exception {
    stopHeadClock();
    super.handlerRemoved0(context);
  }

  /** A client that goes away amidst a head has nobody left to be told. */
  @Override
  protected void decodeLast(ChannelHandlerContext context, ByteBuf buffer, List<Object> out)
      throws Exception {
    int before = out.size();
    super.decodeLast(context, buffer, out);
    for (int i = out.size() - 1; i >= before; i--) {
      if (out.get(i) instanceof HttpRequest request && request.decoderResult().isFailure()) {
        out.remove(i);
      }
    }
  }

  @Override
  protected void handleTransferEncodingChunkedWithContentLength(HttpMessage message) {
    throw new IllegalArgumentException("both Content-Length and Transfer-Encoding");
  }

  /** Of HTTP/1.0 Netty takes the first of several lengths. */
  @Override
  protected AsciiString splitHeaderName(byte[] line, int start, int length) {
    AsciiString name = super.splitHeaderName(line, start, length);
    if (isInHead && HttpHeaderNames.CONTENT_LENGTH.contentEqualsIgnoreCase(name)) {
      if (hasLength) {
        throw new IllegalArgumentException("more than one Content-Length");
      }
      hasLength = true;
    }
    return name;
  }

  @Override
  protected String splitFirstWordInitialLine(byte[] line, int start, int length) {
    wordEnd = start + length;
    return super.splitFirstWordInitialLine(line, start, length);
  }

  @Override
  protected String splitSecondWordInitialLine(byte[] line, int start, int length) {
    afterOneSpace(line, start);
    wordEnd = start + length;
    return super.splitSecondWordInitialLine(line, start, length);
  }

  @Override
  protected String splitThirdWordInitialLine(byte[] line, int start, int length) {
    afterOneSpace(line, start);
    hasRequestLine = true;
    String version = super.splitThirdWordInitialLine(line, start, length);
    if (!VERSIONS.contains(version)) {
      throw new IllegalArgumentException("its version is neither HTTP/1.1 nor HTTP/1.0");
    }
    return version;
  }

  private void afterOneSpace(byte[] line, int start) {
    if (start != wordEnd + 1 || line[wordEnd] != HttpConstants.SP) {
      throw new IllegalArgumentException("one space stands between the words of the first line");
    }
  }
}
