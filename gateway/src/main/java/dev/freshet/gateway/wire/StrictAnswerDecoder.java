package dev.freshet.gateway.wire;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.DecoderResult;
import io.netty.handler.codec.TooLongFrameException;
import io.netty.handler.codec.http.HttpDecoderConfig;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpMessage;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpResponseDecoder;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.LastHttpContent;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.netty.Connection;

/**
 * Netty's decoder of responses, which gives each request exactly one answer: interim ones are told
 * apart, and bytes that belong to no request are nobody's answer. A connection on which such bytes
 * come, or may come, is not used again, so that one request's answer never reaches another.
 *
 * <p>It <em>waits</em> for no answer, then for that of a request, and is <em>over</em> once nobody
 * can say where the next answer begins.
 */
final class StrictAnswerDecoder extends HttpResponseDecoder {

  private static final Logger log = LoggerFactory.getLogger(StrictAnswerDecoder.class);

  private final int headBytes;
  private @Nullable HttpRequest asked;
  private InterimAnswers interim = new InterimAnswers();
  private boolean hasTakenInterim;
  private boolean isInDoubt;
  private boolean isOver;
  private boolean isUpgraded;

  /**
   * Prepares to decode one connection's answers.
   *
   * @param headBytes the most that the status line may have, and the headers
   */
  StrictAnswerDecoder(int headBytes) {
    super(new HttpDecoderConfig().setMaxInitialLineLength(headBytes).setMaxHeaderSize(headBytes));
    this.headBytes = headBytes;
  }

  /** The next answer is that of a request. */
  void await(HttpRequest request) {
    asked = request;
    interim = new InterimAnswers();
  }

  @Override
  protected void decode(ChannelHandlerContext context, ByteBuf buffer, List<Object> out)
      throws Exception {
    if (isUpgraded) {
      super.decode(context, buffer, out);
      return;
    }
    if (isOver) {
      buffer.skipBytes(buffer.readableBytes());
      return;
    }
    if (asked == null) {
      log.debug("{} sends what nobody has asked for, and is closed", context.channel());
      over(context.channel(), buffer);
      ChannelFuture _ = context.close();
      return;
    }
    int before = out.size();
    super.decode(context, buffer, out);
    for (int i = before; i < out.size(); i++) {
      if (out.get(i) instanceof HttpResponse answer && !begins(context, buffer, answer, out, i)) {
        return;
      }
      if (!isUpgraded && out.get(i) instanceof LastHttpContent) {
        end(context.channel(), buffer);
      }
    }
  }

  /** Whether it is the answer, and not one before it or none at all. */
  private boolean begins(
      ChannelHandlerContext context,
      ByteBuf buffer,
      HttpResponse answer,
      List<Object> out,
      int index) {
    UnreadableAnswer objection = objection(answer);
    if (objection == null && InterimAnswers.isInterim(answer.status())) {
      objection = interim.take(context.channel(), answer);
      if (objection == null) {
        out.subList(index, out.size()).clear();
        hasTakenInterim = true;
        return false;
      }
    }
    if (objection != null) {
      out.subList(index, out.size()).clear();
      answer.setDecoderResult(DecoderResult.failure(objection));
      over(context.channel(), buffer);
      out.add(answer);
      return false;
    }
    isUpgraded = answer.status().equals(HttpResponseStatus.SWITCHING_PROTOCOLS);
    return true;
  }

  private @Nullable UnreadableAnswer objection(HttpResponse answer) {
    if (answer.decoderResult().isFailure()) {
      return switch (answer.decoderResult().cause()) {
        case TooLongFrameException ignored -> UnreadableAnswer.tooLarge(headBytes);
        case Throwable cause ->
            UnreadableAnswer.of("it can't be read as HTTP/1.1: " + cause.getMessage());
      };
    }
    String version = answer.protocolVersion().text();
    if (!version.equals("HTTP/1.1") && !version.equals("HTTP/1.0")) {
      return UnreadableAnswer.of("its version is neither HTTP/1.1 nor HTTP/1.0");
    }
    boolean isUpgrade = answer.status().equals(HttpResponseStatus.SWITCHING_PROTOCOLS);
    return isUpgrade && !asked().headers().contains(HttpHeaderNames.UPGRADE)
        ? UnreadableAnswer.of("it changes the protocol (101), which nobody has asked for")
        : null;
  }

  private HttpRequest asked() {
    if (asked == null) {
      throw new IllegalStateException("Nothing was asked");
    }
    return asked;
  }

  /** Of what has no content by its status, and says that it has some, the content may yet come. */
  @Override
  protected boolean isContentAlwaysEmpty(HttpMessage message) {
    boolean isEmpty =
        (asked != null && HttpMethod.HEAD.equals(asked.method()))
            || super.isContentAlwaysEmpty(message);
    if (isEmpty && message instanceof HttpResponse answer) {
      isInDoubt = saysMoreThanItMay(answer);
    }
    return isEmpty;
  }

  private static boolean saysMoreThanItMay(HttpResponse answer) {
    if (!answer.status().equals(HttpResponseStatus.NO_CONTENT)) {
      return false; // of a HEAD, and a 304, it is the length that the content would have
    }
    HttpHeaders headers = answer.headers();
    String length = headers.get(HttpHeaderNames.CONTENT_LENGTH, "0");
    return !length.equals("0") || headers.contains(HttpHeaderNames.TRANSFER_ENCODING);
  }

  /** By RFC 9112, 6.3, that ought to be handled as an error. */
  @Override
  protected void handleTransferEncodingChunkedWithContentLength(HttpMessage message) {
    throw new IllegalArgumentException("both Content-Length and Transfer-Encoding");
  }

  /** Nobody downstream has got anything, and so nobody asks for more. */
  @Override
  public void channelReadComplete(ChannelHandlerContext context) throws Exception {
    super.channelReadComplete(context);
    if (hasTakenInterim) {
      hasTakenInterim = false;
      context.read();
    }
  }

  private void end(Channel channel, ByteBuf buffer) {
    asked = null;
    InterimAnswers.forget(channel);
    if (isInDoubt || buffer.isReadable()) {
      log.debug("{} sends more than its answer, and is not used again", channel);
      over(channel, buffer);
    }
  }

  /** Nobody can say where the next answer begins. */
  private void over(Channel channel, ByteBuf buffer) {
    isOver = true;
    buffer.skipBytes(buffer.readableBytes());
    Connection.from(channel).markPersistent(false);
  }
}
