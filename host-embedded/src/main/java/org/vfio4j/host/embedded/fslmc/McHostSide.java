// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.host.embedded.fslmc;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/**
 * The host's use of one container's portal (kernel: the container's {@code mc_io}). Thread-safe. Spec: fsl-mc §8, §9.4.
 */
final class McHostSide {
    private static final Logger LOG = LoggerFactory.getLogger(McHostSide.class);

    private final EmbeddedMcObject container;
    private final ManagementComplex complex;

    /** What the host has open; guarded by the firmware lock. */
    private final McSession session = new McSession();

    /** Written with the session's changes to the container itself: its token, 0 when the host does not have it open. */
    private volatile int containerToken;

    McHostSide(EmbeddedMcObject container, ManagementComplex complex) {
        this.container = container;
        this.complex = complex;
    }

    /**
     * Runs a command.
     *
     * @throws VfioException the errno of its status; ETIMEDOUT when the firmware gives no answer, without sitting the
     *     host's 15 seconds out
     */
    void send(long[] words) {
        int id = McCommand.id(words[0]);
        int token = McCommand.token(words[0]);
        if (!complex.execute(container, session, words)) {
            throw new VfioException(Errno.ETIMEDOUT, failed(id) + " was not answered");
        }
        var status = McStatus.of(words[0]);
        status.errno().ifPresent(errno -> {
            throw new VfioException(errno, failed(id) + " was answered with " + status);
        });
        if (id == McCommand.DPRC_OPEN && (int) words[1] == container.id()) {
            containerToken = McCommand.token(words[0]);
        } else if (id == McCommand.CLOSE && token == containerToken) {
            containerToken = 0;
        }
    }

    private String failed(int id) {
        return "command 0x" + Integer.toHexString(id) + " of the host on the portal of " + container.name();
    }

    /** A native driver takes the container. */
    void openContainer() {
        long[] words = new long[McCommand.WORDS];
        words[0] = McCommand.header(McCommand.DPRC_OPEN, 0);
        words[1] = container.id();
        send(words);
    }

    /** It lets go. */
    void closeContainer() {
        if (containerToken != 0) {
            sendWithToken(McCommand.CLOSE);
        }
    }

    /** How many objects are directly inside. */
    int objectCount() {
        return (int) (sendWithToken(McCommand.OBJECT_COUNT)[1] >>> 32);
    }

    /** Name of one of them. */
    String objectName(int index) {
        long[] answer = sendWithToken(McCommand.OBJECT, index);
        return McCommand.name(answer, 4) + "." + (int) (answer[1] >>> 32);
    }

    /** Lets the container tell the host of its events, or keep them to itself. */
    void enableEvents(boolean enabled) {
        sendWithToken(McCommand.IRQ_ENABLE, enabled ? 1 : 0);
    }

    private long[] sendWithToken(int id, long... parameters) {
        long[] words = new long[McCommand.WORDS];
        words[0] = McCommand.header(id, containerToken);
        System.arraycopy(parameters, 0, words, 1, parameters.length);
        send(words);
        return words;
    }

    /** Tells the firmware where the messages of an object's interrupts go; a failure is only logged. */
    void program(EmbeddedMcObject object, int[] vectors) {
        try {
            for (int index = 0; index < vectors.length; index++) {
                long[] words = new long[McCommand.WORDS];
                boolean own = object.equals(container);
                words[0] = McCommand.header(own ? McCommand.SET_DPRC_IRQ : McCommand.SET_OBJECT_IRQ, containerToken);
                words[1] = Integer.toUnsignedLong(vectors[index]) | ((long) index << 32);
                words[2] = McVectorPool.DOORBELL;
                words[3] = Integer.toUnsignedLong(vectors[index]);
                if (!own) {
                    words[3] |= (long) object.id() << 32;
                    McCommand.name(words, 4, object.type());
                }
                send(words);
            }
        } catch (VfioException e) {
            LOG.warn("interrupts of {} will not arrive: {}", object.name(), e.getMessage());
        }
    }
}
