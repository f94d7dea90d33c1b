// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.drivers.pci;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.vfio4j.spi.device.DeviceSet;
import org.vfio4j.spi.device.HotResetOps;
import org.vfio4j.spi.device.PowerOps;
import org.vfio4j.spi.device.VfioDevice;
import org.vfio4j.spi.device.VfioGroupFile;
import org.vfio4j.spi.iommu.IommufdContext;
import org.vfio4j.spi.pci.PciFunction;
import org.vfio4j.spi.pci.PciResetScope;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;
import org.vfio4j.uapi.VfioPci;

/**
 * Reset of an open function's slot or bus, with everything that is there (kernel: {@code vfio_pci_dev_set_hot_reset}).
 * Thread-safe. Spec: pci §14.
 */
final class HotReset implements HotResetOps {
    private static final String INFO = "GET_PCI_HOT_RESET_INFO";
    private static final String RESET = "PCI_HOT_RESET";

    private final PciFunction function;
    private final Supplier<VfioDevice> vfio;

    /**
     * For one function.
     *
     * @param vfio its VFIO device, there once it is allocated
     */
    HotReset(PciFunction function, Supplier<VfioDevice> vfio) {
        this.function = function;
        this.vfio = vfio;
    }

    /** Whether the user opened the function through its own file, and so owns by iommufd. */
    boolean openThroughOwnFile() {
        return vfio.get().cdevContext().isPresent();
    }

    /**
     * What would be reset.
     *
     * @throws VfioException ENODEV when nothing can reset slot or bus
     */
    PciResetScope scope(String call) {
        var scope = ResetScope.of(function);
        if (scope == null) {
            throw new VfioException(
                    Errno.ENODEV,
                    "pci §14.1",
                    call + " refused: " + function.name()
                            + (function.bus().root()
                                    ? " is on a root bus, which nothing can reset"
                                    : " is in no slot and on no bus that can be reset as a whole"));
        }
        return scope;
    }

    @Override
    public List<Affected> affected() {
        var scope = scope(INFO);
        return affected(scope, scope.affected().size());
    }

    /**
     * What a reset affects, as it is while no member of the set is opened, closed or bound.
     *
     * @param room how many there were a moment ago
     * @throws VfioException EAGAIN when there are more now, EPERM when one has no group
     */
    List<Affected> affected(PciResetScope scope, int room) {
        var device = vfio.get();
        var set = device.deviceSet();
        set.lock().lock();
        try {
            var functions = scope.affected();
            if (functions.size() > room) {
                throw new VfioException(
                        Errno.EAGAIN,
                        "pci §14.2",
                        INFO + " refused: " + functions.size() + " functions are affected now, " + room
                                + " were a moment ago");
            }
            var context = device.cdevContext().orElse(null);
            var entries = new ArrayList<Affected>();
            for (var affected : functions) {
                int id = context == null ? groupId(affected) : deviceId(set, affected, context);
                entries.add(new Affected(affected, id));
            }
            return entries;
        } finally {
            set.lock().unlock();
        }
    }

    private static int groupId(PciFunction affected) {
        return affected.iommuGroup()
                .orElseThrow(() -> new VfioException(
                        Errno.EPERM, "pci §14.2", INFO + " refused: " + affected.name() + " is in no IOMMU group"))
                .id();
    }

    private static int deviceId(DeviceSet set, PciFunction affected, IommufdContext context) {
        var member = ResetScope.member(set.members(), affected);
        return member == null ? VfioPci.VFIO_PCI_DEVID_NOT_OWNED : member.deviceIdIn(context);
    }

    @Override
    public void reset(List<? extends VfioGroupFile> groups) {
        requireProofs(groups.size());
        var scope = scope(RESET);
        requireNotMore(scope, groups.size());
        operate(scope, groups);
    }

    /**
     * Groups prove ownership of what is open through groups, and of nothing else.
     *
     * @throws VfioException EINVAL
     */
    void requireProofs(int groups) {
        if ((groups != 0) == openThroughOwnFile()) {
            throw new VfioException(
                    Errno.EINVAL,
                    "pci §14.4",
                    RESET + " refused: "
                            + (groups != 0
                                    ? Integer.toUnsignedString(groups) + " groups given, but " + function.name()
                                            + " is open through its own file"
                                    : "no group given, but " + function.name() + " is open through its group"));
        }
    }

    /**
     * More groups than functions are senseless.
     *
     * @throws VfioException EINVAL
     */
    static void requireNotMore(PciResetScope scope, int groups) {
        int functions = scope.affected().size();
        if (Integer.compareUnsigned(groups, functions) > 0) {
            throw new VfioException(
                    Errno.EINVAL,
                    "pci §14.4",
                    RESET + " refused: " + Integer.toUnsignedString(groups) + " groups given for " + functions
                            + " affected functions");
        }
    }

    /** The reset, when everything about the request is checked but what depends on the set. */
    void operate(PciResetScope scope, List<? extends VfioGroupFile> groups) {
        var device = vfio.get();
        var operation = new Operation(scope, groups, device.cdevContext().orElse(null));
        try {
            device.deviceSet().operate(operation);
        } finally {
            operation.letSleep();
        }
    }

    /** One hot reset. */
    private final class Operation implements DeviceSet.SetOperation {
        private final PciResetScope scope;
        private final List<? extends VfioGroupFile> groups;
        private final @Nullable IommufdContext context;

        /** Who was woken and is to be allowed to sleep again. */
        private final Deque<PowerOps> awake = new ArrayDeque<>();

        private Operation(PciResetScope scope, List<? extends VfioGroupFile> groups, @Nullable IommufdContext context) {
            this.scope = scope;
            this.groups = groups;
            this.context = context;
        }

        @Override
        public void check(List<VfioDevice> members) {
            var outsider = ResetScope.outsider(scope, members);
            if (outsider != null) {
                throw new VfioException(
                        Errno.EINVAL,
                        "pci §14.5",
                        RESET + " of " + function.name() + " refused: " + outsider.name()
                                + " is affected, but not in its device set"
                                + outsider.nativeDriver()
                                        .map(driver -> " (driver " + driver + ")")
                                        .orElse(""));
            }
            for (var member : members) {
                var power = pci(member).power();
                power.get();
                awake.push(power);
            }
            members.forEach(this::requireOwned);
        }

        private void requireOwned(VfioDevice member) {
            if (context != null) {
                if (member.deviceIdIn(context) < 0) {
                    throw new VfioException(
                            Errno.EINVAL,
                            "pci §14.5",
                            RESET + " of " + function.name() + " refused: the iommufd owns neither "
                                    + member.busDevice().name() + " nor its group");
                }
            } else if (groups.stream().noneMatch(group -> group.has(member))) {
                throw new VfioException(
                        Errno.EINVAL,
                        "pci §14.5",
                        RESET + " of " + function.name() + " refused: the group of "
                                + member.busDevice().name() + " is not among those given");
            }
        }

        private VfioPciDevice pci(VfioDevice member) {
            if (member.ops() instanceof VfioPciDevice device) {
                return device;
            }
            throw new VfioException(
                    Errno.EINVAL,
                    "pci §14.5",
                    RESET + " of " + function.name() + " refused: "
                            + member.busDevice().name() + " has driver "
                            + member.ops().driverName() + ", which knows nothing of hot resets");
        }

        @Override
        public Lock memoryLock(VfioDevice member) {
            var open = pci(member).opened();
            // Nobody reaches the memory of a function that is not open, and none is opened now.
            return open == null ? new ReentrantLock() : open.memory().exclusive();
        }

        @Override
        public void perform(List<VfioDevice> members) {
            for (var member : members) {
                var open = pci(member).opened();
                if (open == null) {
                    new PowerState((PciFunction) member.busDevice()).set(PowerState.D0);
                } else {
                    open.memory().revokeMappings();
                    open.control().wakeLocked();
                }
            }
            try {
                scope.reset();
            } finally {
                for (var member : members) {
                    var open = pci(member).opened();
                    if (open != null) {
                        open.memory().settle(); // who was asleep has mappings again
                    }
                }
            }
        }

        private void letSleep() {
            awake.forEach(PowerOps::put);
        }
    }
}
