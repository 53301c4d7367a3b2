package dev.freshet.gateway.wire;

import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpResponseEncoder;
import io.netty.handler.codec.http.HttpStatusClass;
import io.netty.handler.codec.http.LastHttpContent;
import java.util.Queue;
import java.util.function.BooleanSupplier;

/** Netty's encoder of responses, which has to know that a HEAD is answered without content. */
final class AnswerEncoder extends HttpResponseEncoder {

  private final Queue<HttpMethod> methods;
  private final StrictRequestDecoder requests;
  private final BooleanSupplier isDraining;

  /**
   * Prepares to encode one connection's answers.
   *
   * @param methods of the requests that are yet to be answered, in order
   * @param requests takes no more of them once an answer has said that it is the last
   * @param isDraining whether each answer is to be the last
   */
  AnswerEncoder(
      Queue<HttpMethod> methods, StrictRequestDecoder requests, BooleanSupplier isDraining) {
    this.methods = methods;
    this.requests = requests;
    this.isDraining = isDraining;
  }

  @Override
  protected void sanitizeHeadersBeforeEncode(HttpResponse answer, boolean isAlwaysEmpty) {
    super.sanitizeHeadersBeforeEncode(answer, isAlwaysEmpty);
    boolean isFinal = answer.status().codeClass() != HttpStatusClass.INFORMATIONAL;
    if (!isFinal) {
      requests.saidToGoOn(answer.status());
    } else if (methods.isEmpty() && (requests.isTheLast() || isDraining.getAsBoolean())) {
      requests.takeNoMore();
      answer.headers().set(HttpHeaderNames.CONNECTION, HttpHeaderValues.CLOSE);
    }
  }

  /** After the last answer the connection is closed, whatever others think of it. */
  @Override
  public void write(ChannelHandlerContext context, Object part, ChannelPromise promise)
      throws Exception {
    boolean isEnd = part instanceof LastHttpContent;
    ChannelPromise written = isEnd ? promise.unvoid() : promise;
    super.write(context, part, written);
    // Head and end may be one part, whose encoding has said that it is the last.
    if (isEnd && requests.takesNoMore() && methods.isEmpty()) {
      written.addListener(ChannelFutureListener.CLOSE);
    }
  }

  @Override
  protected boolean isContentAlwaysEmpty(HttpResponse answer) {
    boolean isFinal = answer.status().codeClass() != HttpStatusClass.INFORMATIONAL;
    HttpMethod method = isFinal ? methods.poll() : methods.peek();
    return HttpMethod.HEAD.equals(method) || super.isContentAlwaysEmpty(answer);
  }
}
