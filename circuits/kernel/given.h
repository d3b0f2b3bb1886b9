// Which contact, in the order in which they were given, stands at each place.
#ifndef PRELIMBIC_GIVEN_H
#define PRELIMBIC_GIVEN_H
#include <algorithm>
#include <cstdint>
#include <vector>

namespace prelimbic {

// Where contacts were given by ascending target, as wirings are drawn, a contact is known by its target and its number among
// those of this target: two bytes instead of four.
class Given {
  public:
    void arrange(const int32_t* target, size_t contacts, int cells) {
        first_.assign(static_cast<size_t>(cells) + 1, 0);
        for (size_t c = 0; c < contacts; c++) first_[target[c] + 1]++;
        const int32_t most = *std::max_element(first_.begin(), first_.end());
        for (int cell = 0; cell < cells; cell++) first_[cell + 1] += first_[cell];
        brief_ = most <= UINT16_MAX + 1 && std::is_sorted(target, target + contacts);
        nth_.resize(brief_ ? contacts : 0);
        whole_.resize(brief_ ? 0 : contacts);
    }

    void put(int32_t place, int32_t target, int32_t contact) {
        if (brief_) nth_[place] = static_cast<uint16_t>(contact - first_[target]);
        else whole_[place] = contact;
    }

    int32_t at(int32_t place, int32_t target) const { return brief_ ? first_[target] + nth_[place] : whole_[place]; }

  private:
    bool brief_ = false;
    std::vector<int32_t> first_, whole_;
    std::vector<uint16_t> nth_;
};

}  // namespace prelimbic
#endif
