// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.drivers.pci;

import java.util.concurrent.locks.LockSupport;
import org.vfio4j.spi.pci.PciFunction;

/**
 * Vital product data: the user's address and data registers are emulated, each operation is done by the driver on the real
 * ones. Used under the configuration lock. Spec: pci §9.6 VPD.
 */
final class VpdCapability implements ConfigHandler {
    private static final int ADDRESS = 2;
    private static final int DATA = 4;
    private static final int FLAG = 0x8000;
    private static final int LARGEST = 0x8000;
    private static final int UNKNOWN = -1;
    private static final int END_TAG = 0x78;
    private static final int POLLS = 200;
    private static final long POLL_NANOS = 10_000;

    private final PciFunction function;
    private final int at;

    /** Bytes of valid data, {@link #UNKNOWN} until needed. */
    private int length = UNKNOWN;

    VpdCapability(PciFunction function, int at) {
        this.function = function;
        this.at = at;
    }

    @Override
    public void write(VirtualConfig config, int offset, int size, int value) {
        config.writeMasked(offset, size, value);
        int flagByte = at + ADDRESS + 1;
        if (offset > flagByte || offset + size <= flagByte) {
            return;
        }
        int register = config.shadow(at + ADDRESS, 2);
        int address = register & ~FLAG;
        boolean done;
        if ((register & FLAG) == 0) {
            done = read(config, address);
        } else {
            done = (address & 3) == 0 && address < length() && store(address, config.shadow(at + DATA, 4));
        }
        if (done) {
            config.shadow(at + ADDRESS, 2, register ^ FLAG);
        }
    }

    private boolean read(VirtualConfig config, int address) {
        if (length() == 0) {
            return false;
        }
        int data = 0;
        for (int i = 0; i < 4 && address + i < length(); i++) {
            int from = address + i;
            if (!fetch(from & ~3)) {
                return false;
            }
            data |= fetchedByte(from) << (8 * i);
        }
        config.shadow(at + DATA, 4, data);
        return true;
    }

    /** Lets hardware put a dword into its data register. */
    private boolean fetch(int address) {
        function.writeConfig(at + ADDRESS, 2, address);
        return reached(FLAG);
    }

    private boolean store(int address, int data) {
        function.writeConfig(at + DATA, 4, data);
        function.writeConfig(at + ADDRESS, 2, address | FLAG);
        return reached(0);
    }

    private boolean reached(int flag) {
        for (int poll = 0; poll < POLLS; poll++) {
            if ((function.readConfig(at + ADDRESS, 2) & FLAG) == flag) {
                return true;
            }
            LockSupport.parkNanos(POLL_NANOS);
        }
        return false;
    }

    /** Length of the data by its own tags; 0 when they make no sense (kernel: {@code pci_vpd_size}). */
    private int length() {
        if (length == UNKNOWN) {
            length = measure();
        }
        return length;
    }

    private int measure() {
        int offset = 0;
        while (offset < LARGEST) {
            int tag = hardwareByte(offset);
            if (tag == UNKNOWN || tag == 0xff || (tag == 0 && offset == 0)) {
                return 0;
            }
            if ((tag & 0x80) == 0) {
                offset += 1 + (tag & 0x7);
                if ((tag & 0xf8) == END_TAG) {
                    return offset;
                }
            } else {
                int low = hardwareByte(offset + 1);
                int high = hardwareByte(offset + 2);
                if (low == UNKNOWN || high == UNKNOWN) {
                    return 0;
                }
                offset += 3 + (high << 8 | low);
            }
        }
        return 0;
    }

    private int hardwareByte(int address) {
        return fetch(address & ~3) ? fetchedByte(address) : UNKNOWN;
    }

    /** A byte of the dword that hardware has in its data register. */
    private int fetchedByte(int address) {
        return function.readConfig(at + DATA + (address & 3), 1);
    }
}
