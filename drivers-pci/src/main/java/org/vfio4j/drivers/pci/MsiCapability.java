// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.drivers.pci;

/** MSI: address and data are the user's own, enabling is the driver's business. Spec: pci §9.6 MSI. */
final class MsiCapability implements ConfigHandler {
    private static final int CONTROL = 2;
    private static final int ENABLE = 0x1;
    private static final int QUEUE_BITS = 0x70;
    private static final int QUEUE_SHIFT = 4;
    private static final int WIDE = 0x80;
    private static final int MASKABLE = 0x100;

    private final MessageControl messages;
    private final int at;

    MsiCapability(MessageControl messages, int at) {
        this.messages = messages;
        this.at = at;
    }

    static void permit(VirtualConfig config, int at) {
        int flags = config.function().readConfig(at + CONTROL, 2);
        config.permit(at + CONTROL, 1, -1, -1);
        config.permit(at + 4, 4, -1, -1);
        int data = at + 8;
        if ((flags & WIDE) != 0) {
            config.permit(at + 8, 4, -1, -1);
            data = at + 12;
        }
        config.permit(data, 2, -1, -1);
        if ((flags & MASKABLE) != 0) {
            config.permit(data + 4, 4, 0, -1);
            config.permit(data + 8, 4, 0, -1);
        }
    }

    @Override
    public void write(VirtualConfig config, int offset, int size, int value) {
        config.writeMasked(offset, size, value);
        int field = at + CONTROL;
        if (offset > field || offset + size < field) {
            return;
        }
        int flags = config.shadow(field, 2);
        if (!messages.active()) {
            flags &= ~ENABLE;
        }
        if ((flags & QUEUE_BITS) >>> QUEUE_SHIFT > messages.largestQueue()) {
            flags = ConfigBytes.merge(flags, messages.largestQueue() << QUEUE_SHIFT, QUEUE_BITS);
        }
        config.shadow(field, 2, flags);
        config.function().writeConfig(field, 2, flags);
    }
}
