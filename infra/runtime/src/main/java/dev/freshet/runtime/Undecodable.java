package dev.freshet.runtime;

import dev.freshet.protocol.Problem;
import dev.freshet.protocol.ProblemCode;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.FullHttpResponse;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpStatusClass;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.handler.codec.http.TooLongHttpHeaderException;
import io.netty.handler.codec.http.TooLongHttpLineException;
import io.netty.util.ReferenceCountUtil;
import org.jspecify.annotations.Nullable;

/**
 * Answers requests of HTTP/1.1 that can't be decoded, in their turn, and closes their connection.
 */
final class Undecodable extends ChannelDuplexHandler {

  private final ProblemResponses problems;
  private boolean isOver;

  /** Of the request that can't be decoded, until it is answered. */
  private @Nullable Problem problem;

  /** Requests that have come and are not answered. */
  private int unanswered;

  Undecodable(ProblemResponses problems) {
    this.problems = problems;
  }

  @Override
  public void channelRead(ChannelHandlerContext context, Object message) {
    if (isOver) {
      ReferenceCountUtil.release(message);
    } else if (message instanceof HttpRequest request && request.decoderResult().isFailure()) {
      isOver = true;
      problem = problem(request.decoderResult().cause());
      ReferenceCountUtil.release(message);
      answerInTurn(context);
    } else {
      if (message instanceof HttpRequest) {
        unanswered++;
      }
      context.fireChannelRead(message);
    }
  }

  @Override
  public void write(ChannelHandlerContext context, Object message, ChannelPromise promise) {
    boolean isInterim =
        message instanceof HttpResponse answer
            && answer.status().codeClass() == HttpStatusClass.INFORMATIONAL;
    if (message instanceof LastHttpContent && !isInterim) {
      unanswered--;
    }
    ChannelFuture _ = context.write(message, promise);
    answerInTurn(context);
  }

  private void answerInTurn(ChannelHandlerContext context) {
    Problem told = problem;
    if (told != null && unanswered <= 0) {
      problem = null;
      ChannelFuture _ =
          context.writeAndFlush(answer(told)).addListener(ChannelFutureListener.CLOSE);
    }
  }

  private static Problem problem(Throwable cause) {
    return switch (cause) {
      case TooLongHttpLineException ignored ->
          Problem.of(ProblemCode.URI_TOO_LONG, "The request's first line is too long.");
      case TooLongHttpHeaderException ignored ->
          Problem.of(ProblemCode.HEADERS_TOO_LARGE, "The request's headers are too large.");
      default ->
          Problem.of(
              ProblemCode.BAD_REQUEST,
              "This can't be read as HTTP/1.1: %s.".formatted(cause.getMessage()));
    };
  }

  private FullHttpResponse answer(Problem problem) {
    byte[] body = problems.body(problem);
    FullHttpResponse answer =
        new DefaultFullHttpResponse(
            HttpVersion.HTTP_1_1,
            HttpResponseStatus.valueOf(problem.code().status()),
            Unpooled.wrappedBuffer(body));
    answer
        .headers()
        .set(HttpHeaderNames.CONTENT_TYPE, Problem.MEDIA_TYPE)
        .set(HttpHeaderNames.CONTENT_LENGTH, body.length)
        .set(HttpHeaderNames.CONNECTION, HttpHeaderValues.CLOSE);
    return answer;
  }
}
