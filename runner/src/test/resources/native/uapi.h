// SPDX-License-Identifier: Apache-2.0
// What headers older than Linux 6.6 lack: a device's own node and iommufd.
struct bind_iommufd {
    uint32_t argsz, flags;
    int32_t iommufd;
    uint32_t out_devid;
    uint64_t token_uuid_ptr;
};
struct attach_pt {
    uint32_t argsz, flags, pt_id, pasid;
};
struct detach_pt {
    uint32_t argsz, flags, pasid;
};
#define BIND _IO(';', 118)
#define ATTACH _IO(';', 119)
#define DETACH _IO(';', 120)
#define BIND_TOKEN 1

struct destroy {
    uint32_t size, id;
};
struct ioas_alloc {
    uint32_t size, flags, out_ioas_id;
};
struct iova_range {
    uint64_t start, last;
};
struct ioas_iova_ranges {
    uint32_t size, ioas_id, num_iovas, reserved;
    uint64_t allowed_iovas, out_iova_alignment;
};
struct ioas_allow_iovas {
    uint32_t size, ioas_id, num_iovas, reserved;
    uint64_t allowed_iovas;
};
struct ioas_map {
    uint32_t size, flags, ioas_id, reserved;
    uint64_t user_va, length, iova;
};
struct ioas_copy {
    uint32_t size, flags, dst_ioas_id, src_ioas_id;
    uint64_t length, dst_iova, src_iova;
};
struct ioas_unmap {
    uint32_t size, ioas_id;
    uint64_t iova, length;
};
struct iommu_option {
    uint32_t size, option_id;
    uint16_t op, reserved;
    uint32_t object_id;
    uint64_t val64;
};
struct vfio_ioas {
    uint32_t size, ioas_id;
    uint16_t op, reserved;
};
struct hwpt_alloc {
    uint32_t size, flags, dev_id, pt_id, out_hwpt_id, reserved, data_type, data_len;
    uint64_t data_uptr;
    uint32_t fault_id, reserved2;
};
struct hw_info {
    uint32_t size, flags, dev_id, data_len;
    uint64_t data_uptr;
    uint32_t out_data_type;
    uint8_t out_max_pasid_log2, reserved[3];
    uint64_t out_capabilities;
};
#define IOMMU(number) _IO(';', number)
#define DESTROY IOMMU(0x80)
#define IOAS_ALLOC IOMMU(0x81)
#define IOAS_ALLOW_IOVAS IOMMU(0x82)
#define IOAS_COPY IOMMU(0x83)
#define IOAS_IOVA_RANGES IOMMU(0x84)
#define IOAS_MAP IOMMU(0x85)
#define IOAS_UNMAP IOMMU(0x86)
#define OPTION IOMMU(0x87)
#define VFIO_IOAS IOMMU(0x88)
#define HWPT_ALLOC IOMMU(0x89)
#define GET_HW_INFO IOMMU(0x8a)
#define MAP_FIXED_IOVA 1
#define MAP_WRITEABLE 2
#define MAP_READABLE 4
