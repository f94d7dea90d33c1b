// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.host.embedded.iommu;

import java.util.List;
import java.util.concurrent.locks.ReentrantLock;
import org.vfio4j.spi.host.IommuDomain;
import org.vfio4j.spi.memory.Protection;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/** An I/O address space of a {@link PagingUnit}: one tree of page tables and the ports that translate through it. */
final class PagingDomain implements IommuDomain {
    private static final int ANY_ACCESS = Protection.READ | Protection.WRITE;

    private final PagingUnit unit;
    private final boolean dirtyTracking;
    private final boolean creatorEnforces;
    private final long pageSizes;
    private final PageTable table;
    private final PortSet ports;

    /** Guards the tree of tables against other changes. Innermost, held for the tables touched; ports never take it. */
    private final ReentrantLock tableLock = new ReentrantLock();

    /** Whether the tables may belong to another domain by now. Guarded by {@link #tableLock}. */
    private boolean tablesGone;

    /** Guards who is attached. Taken under a group's lock; nothing is called while it is held. */
    private final ReentrantLock attachmentLock = new ReentrantLock();

    private int groups;
    private int groupsWithoutEnforcement;
    private boolean enforcing;
    private boolean freed;

    PagingDomain(PagingUnit unit, boolean dirtyTracking, boolean creatorEnforces) {
        PagingConfig config = unit.config();
        this.unit = unit;
        this.ports = new PortSet(unit.fence());
        this.dirtyTracking = dirtyTracking;
        this.creatorEnforces = creatorEnforces;
        this.pageSizes = dirtyTracking ? config.dirtyPageSizes() : config.pageSizes();
        this.table =
                new PageTable(config.addressBits(), pageSizes, unit.tableMemory(), config.tableLimit(), dirtyTracking);
    }

    PagingUnit unit() {
        return unit;
    }

    boolean recordsWrites() {
        return dirtyTracking;
    }

    PageTable table() {
        return table;
    }

    PortSet ports() {
        return ports;
    }

    /** Tables the domain uses at the moment, the root included. */
    int tablesInUse() {
        lockTables();
        try {
            return table.pool().inUse();
        } finally {
            tableLock.unlock();
        }
    }

    /**
     * Lets a group's ports translate here from now on.
     *
     * @param enforces whether coherency can be enforced for all of the group's devices
     * @throws VfioException EINVAL when the domain enforces coherency and the group cannot
     */
    void admit(List<PagingTranslation> joining, boolean enforces) {
        attachmentLock.lock();
        try {
            if (freed) {
                throw new IllegalStateException("attach to a domain that was freed");
            }
            if (enforcing && !enforces) {
                throw new VfioException(
                        Errno.EINVAL,
                        "attach refused: the domain enforces cache coherency, which a device of the group does not allow");
            }
            groups++;
            groupsWithoutEnforcement += enforces ? 0 : 1;
            ports.add(joining);
        } finally {
            attachmentLock.unlock();
        }
    }

    /** A group's ports have ceased to translate here. */
    void dismiss(List<IommuPort> leaving, boolean enforces) {
        attachmentLock.lock();
        try {
            groups--;
            groupsWithoutEnforcement -= enforces ? 0 : 1;
            ports.remove(leaving);
        } finally {
            attachmentLock.unlock();
        }
    }

    @Override
    public long pageSizes() {
        return pageSizes;
    }

    @Override
    public long apertureStart() {
        return unit.config().apertureStart();
    }

    @Override
    public long apertureEnd() {
        return unit.config().apertureEnd();
    }

    @Override
    public Object driverIdentity() {
        return unit;
    }

    @Override
    public boolean enforceCacheCoherency() {
        attachmentLock.lock();
        try {
            if (groupsWithoutEnforcement == 0 && (groups > 0 || creatorEnforces)) {
                enforcing = true;
            }
            return enforcing;
        } finally {
            attachmentLock.unlock();
        }
    }

    @Override
    public void map(long iova, long phys, long length, int protection) {
        check(iova, phys, length, protection);
        lockTables();
        try {
            table.map(iova, phys, length, protection);
        } catch (VfioException refused) {
            // What was mapped for a moment may have been used: the caller is about to give the memory back.
            int retired = table.takeRetired();
            ports.invalidate();
            table.pool().giveBack(retired);
            throw refused;
        } finally {
            tableLock.unlock();
        }
    }

    @Override
    public void prefetch(long iova) {
        if (!table.isBeyond(iova)) {
            table.touch(iova);
        }
    }

    @Override
    public long unmap(long iova, long length) {
        long removed;
        int retired;
        lockTables();
        try {
            removed = table.unmap(iova, length);
            retired = table.takeRetired();
        } finally {
            tableLock.unlock();
        }
        if (removed != 0) {
            ports.invalidate();
        }
        if (retired != TablePool.NONE) {
            lockTables();
            try {
                table.pool().giveBack(retired);
            } finally {
                tableLock.unlock();
            }
        }
        return removed;
    }

    @Override
    public long iovaToPhys(long iova) {
        if (table.isBeyond(iova)) {
            return 0;
        }
        lockTables();
        try {
            int level = table.find(iova);
            long entry = table.entryFound(iova, level);
            return Pte.isPage(entry) ? Pte.phys(entry) | (iova & (Pte.size(level) - 1)) : 0;
        } finally {
            tableLock.unlock();
        }
    }

    @Override
    public void forEachRun(long iova, long length, MappedRunSink sink) {
        var scan = new PageScan(table, iova, length);
        while (scan.hasMore()) {
            lockTables();
            try {
                scan.nextRun();
            } finally {
                tableLock.unlock();
            }
            if (scan.length() != 0) {
                sink.run(scan.iova(), scan.phys(), scan.length());
            }
        }
    }

    @Override
    public void setDirtyTracking(boolean enabled) {
        if (!dirtyTracking) {
            throw new VfioException(Errno.EOPNOTSUPP, "the domain was not made with dirty tracking");
        }
        // The dirty bits themselves are always kept: recording starts by forgetting what was recorded before.
        if (enabled) {
            readDirty(0, apertureEnd() + 1, true, (iova, length) -> {});
        }
    }

    @Override
    public void readDirty(long iova, long length, boolean clear, DirtySink sink) {
        var scan = new DirtyScan(table, iova, length, clear);
        boolean found = false;
        while (scan.hasMore()) {
            lockTables();
            try {
                scan.next();
            } finally {
                tableLock.unlock();
            }
            for (int run = 0; run < scan.runs(); run++) {
                found = true;
                sink.dirty(scan.iova(run), scan.length(run));
            }
        }
        if (found && clear) {
            ports.invalidate();
        }
    }

    @Override
    public void free() {
        attachmentLock.lock();
        try {
            if (groups != 0) {
                throw new IllegalStateException("a domain was freed with " + groups + " groups attached");
            }
            if (freed) {
                throw new IllegalStateException("a domain was freed twice");
            }
            freed = true;
        } finally {
            attachmentLock.unlock();
        }
        // No group is attached and none will be: the ports of those that were have ceased to translate here.
        lockTables();
        try {
            tablesGone = true;
            table.pool().close();
        } finally {
            tableLock.unlock();
        }
    }

    /** Takes the table lock to look at tables or change them; a domain that was freed has none. */
    private void lockTables() {
        tableLock.lock();
        if (tablesGone) {
            tableLock.unlock();
            throw new IllegalStateException("use of a domain that was freed");
        }
    }

    private void check(long iova, long phys, long length, int protection) {
        long inPage = (1L << Pte.PAGE_SHIFT) - 1;
        if (((iova | phys | length) & inPage) != 0 || length <= 0) {
            throw new VfioException(
                    Errno.EINVAL,
                    "map refused: iova 0x" + Long.toHexString(iova) + ", physical address 0x" + Long.toHexString(phys)
                            + " and length 0x" + Long.toHexString(length)
                            + " are not all multiples of the smallest page 0x"
                            + Long.toHexString(inPage + 1) + ", the length at least one");
        }
        if (protection == 0 || (protection & ~ANY_ACCESS) != 0) {
            throw new VfioException(
                    Errno.EINVAL,
                    "map refused: protection 0x" + Integer.toHexString(protection) + " is neither read nor write");
        }
        if (iova < apertureStart() || iova > apertureEnd() || length - 1 > apertureEnd() - iova) {
            throw new VfioException(
                    Errno.ERANGE,
                    "map refused: 0x" + Long.toHexString(length) + " bytes at iova 0x" + Long.toHexString(iova)
                            + " are not within the aperture 0x" + Long.toHexString(apertureStart()) + " to 0x"
                            + Long.toHexString(apertureEnd()));
        }
    }
}
