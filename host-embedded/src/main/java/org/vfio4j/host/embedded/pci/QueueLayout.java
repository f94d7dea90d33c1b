// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.host.embedded.pci;

import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import org.vfio4j.spi.model.Doorbell;

/** What the queue device's registers and rings look like. Documented in {@code docs/devices.md}. */
final class QueueLayout {
    static final ValueLayout.OfShort U16 = ValueLayout.JAVA_SHORT.withOrder(ByteOrder.LITTLE_ENDIAN);
    static final ValueLayout.OfInt U32 = ValueLayout.JAVA_INT.withOrder(ByteOrder.LITTLE_ENDIAN);
    static final ValueLayout.OfLong U64 = ValueLayout.JAVA_LONG.withOrder(ByteOrder.LITTLE_ENDIAN);

    static final long LENGTH = 0x4000;
    static final int DOORBELLS = 0x1000;
    static final int DOORBELLS_LENGTH = 0x1000;
    static final int VECTOR_TABLE = 0x2000;
    static final int PENDING_BITS = 0x3000;
    static final int VECTORS = 5;

    static final int QUEUES = 4;
    static final int LARGEST_RING_SHIFT = 12;
    static final int LONGEST_COMMAND = 1 << 20;

    // The first page.
    static final int IDENTITY = 0x00;
    static final int IDENTITY_VALUE = 0x31455551;
    static final int CAPACITY = 0x04;
    static final int FAULTS = 0x08;
    static final int EVENTS = 0x0c;

    static final int QUEUE_REGISTERS = 0x100;
    static final int QUEUE_STRIDE = 0x40;

    // Of one queue, in the first page.
    static final int SUBMISSION_RING = 0x00;
    static final int COMPLETION_RING = 0x08;
    static final int ENTRIES = 0x10;
    static final int VECTOR = 0x14;
    static final int CONTROL = 0x18;
    static final int STATE = 0x1c;

    static final int STATE_ON = 1;
    static final int STATE_FAILED = 2;

    // Of one queue, in the doorbell page, with the same stride.
    static final int TAIL = 0x0;
    static final int HEAD = 0x4;
    static final int COMPLETED = 0x8;

    // Entry of a submission ring.
    static final int SUBMISSION_BYTES = 32;
    static final int OPCODE = 0;
    static final int ID = 4;
    static final int SOURCE = 8;
    static final int DESTINATION = 16;
    static final int COMMAND_LENGTH = 24;
    static final int VALUE = 28;

    static final int COPY = 1;
    static final int FILL = 2;
    static final int CHECKSUM = 3;

    // Entry of a completion ring.
    static final int COMPLETION_BYTES = 16;
    static final int RESULT = 0;
    static final int COMPLETION_ID = 8;
    static final int SUBMISSION_HEAD = 12;
    static final int STATUS = 14;

    static final int OK = 0;
    static final int BAD_OPCODE = 1;
    static final int BAD_LENGTH = 2;
    static final int DMA_FAULT = 3;

    private QueueLayout() {}

    /** Where a queue's word is in the doorbell page, from the start of all registers. */
    static long doorbell(int queue, int word) {
        return DOORBELLS + (long) queue * QUEUE_STRIDE + word;
    }

    static List<Doorbell> doorbells() {
        var all = new ArrayList<Doorbell>();
        for (int queue = 0; queue < QUEUES; queue++) {
            all.add(new Doorbell(doorbell(queue, TAIL), 4));
            all.add(new Doorbell(doorbell(queue, HEAD), 4));
        }
        return all;
    }
}
