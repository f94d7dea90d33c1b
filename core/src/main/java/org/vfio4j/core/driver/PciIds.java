// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core.driver;

import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.vfio4j.spi.host.BusDevice;
import org.vfio4j.spi.pci.PciFunction;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/**
 * Ids that were added to a PCI driver while it runs (kernel: {@code pci_dynids}, the attributes {@code new_id} and
 * {@code remove_id}). Thread-safe. Spec: pci §2.3, §2.4.
 */
final class PciIds {
    private static final Logger LOG = LoggerFactory.getLogger(PciIds.class);

    private static final int ANY = -1;
    private static final int SUBSYSTEM = 0x2c;
    private static final int CLASS_REVISION = 0x08;
    private static final int HEADER_TYPE = 0x0e;

    private final List<Id> ids = new CopyOnWriteArrayList<>();

    /** What a function is compared with; {@link #ANY} in the first four fits all. */
    private record Id(int vendor, int device, int subvendor, int subdevice, int classCode, int classMask) {
        boolean fits(Id other) {
            return fits(vendor, other.vendor)
                    && fits(device, other.device)
                    && fits(subvendor, other.subvendor)
                    && fits(subdevice, other.subdevice)
                    && ((classCode ^ other.classCode) & classMask) == 0;
        }

        private static boolean fits(int wanted, int found) {
            return wanted == ANY || wanted == found;
        }
    }

    /** Whether one of the ids fits a device. */
    boolean match(BusDevice device) {
        return !ids.isEmpty() && device instanceof PciFunction function && known(identity(function));
    }

    private boolean known(Id identity) {
        return ids.stream().anyMatch(id -> id.fits(identity));
    }

    private static Id identity(PciFunction function) {
        boolean bridge = (function.readConfig(HEADER_TYPE, 1) & 0x7f) == 1;
        return new Id(
                function.vendorId(),
                function.deviceId(),
                bridge ? 0 : function.readConfig(SUBSYSTEM, 2),
                bridge ? 0 : function.readConfig(SUBSYSTEM + 2, 2),
                function.readConfig(CLASS_REVISION, 4) >>> 8,
                0);
    }

    /**
     * Adds an id: vendor, device, and optionally subsystem vendor and device, class, class mask and driver data.
     *
     * @throws VfioException EINVAL fewer than two hexadecimal words or driver data no id has, EEXIST it is there already
     */
    void add(String text) {
        var words = words(text);
        if (words.length > 6 && words[6] != 0) {
            throw new VfioException(
                    Errno.EINVAL,
                    "new_id refused: no id of the driver has the driver data 0x" + Long.toHexString(words[6]));
        }
        var id = id(words);
        if (known(id)) {
            throw new VfioException(Errno.EEXIST, "new_id refused: the driver takes \"" + text.strip() + "\" already");
        }
        ids.add(id);
    }

    /**
     * Adds the ids of a list as a module parameter gives them: {@code vendor:device:subvendor:subdevice:class:mask} in
     * hexadecimal, the last four optional, separated by commas. What is no id is skipped with a warning (pci §2.2).
     */
    void addList(String list) {
        for (var entry : list.split(",", -1)) {
            if (!entry.isBlank()) {
                try {
                    ids.add(id(words(entry.strip().split("\\s", 2)[0].replace(':', ' '))));
                } catch (VfioException skipped) {
                    LOG.warn("id skipped: {}", skipped.getMessage());
                }
            }
        }
    }

    /**
     * Takes an id out.
     *
     * @throws VfioException EINVAL fewer than two hexadecimal words, ENODEV it is not there
     */
    void remove(String text) {
        var id = id(words(text));
        var present = ids.stream()
                .filter(known -> known.vendor == id.vendor
                        && known.device == id.device
                        && (id.subvendor == ANY || known.subvendor == id.subvendor)
                        && (id.subdevice == ANY || known.subdevice == id.subdevice)
                        && ((known.classCode ^ id.classCode) & id.classMask) == 0)
                .findFirst();
        if (present.isEmpty() || !ids.remove(present.get())) {
            throw new VfioException(Errno.ENODEV, "remove_id refused: the driver has no id \"" + text.strip() + "\"");
        }
    }

    private static Id id(long[] words) {
        return new Id(
                (int) words[0],
                (int) words[1],
                words.length > 2 ? (int) words[2] : ANY,
                words.length > 3 ? (int) words[3] : ANY,
                words.length > 4 ? (int) words[4] : 0,
                words.length > 5 ? (int) words[5] : 0);
    }

    /** Up to seven hexadecimal words; reading ends at the first that is none. */
    private static long[] words(String text) {
        long[] words = new long[7];
        int count = 0;
        for (var word : text.strip().split("\\s+", -1)) {
            if (count == words.length) {
                break;
            }
            try {
                words[count] = Long.parseUnsignedLong(word.startsWith("0x") ? word.substring(2) : word, 16);
            } catch (NumberFormatException e) {
                break;
            }
            count++;
        }
        if (count < 2) {
            throw new VfioException(
                    Errno.EINVAL,
                    "\"" + text.strip()
                            + "\" does not start with a vendor and a device in hexadecimal, like 1234 11e8");
        }
        return Arrays.copyOf(words, count);
    }
}
