// Handles that C gets are looked up before they are believed: one that was destroyed, or never made, is an error and no
// crash; and what was never destroyed can be counted.
#pragma once
#include <memory>
#include <mutex>
#include <unordered_map>

namespace tf_standin {

template <class T> class Handles {
public:
    void* add(std::shared_ptr<T> object) {
        std::lock_guard<std::mutex> lock(_mutex);
        void* handle = object.get();
        _objects.emplace(handle, std::move(object));
        return handle;
    }

    // Null where there is none.
    std::shared_ptr<T> find(const void* handle) const {
        std::lock_guard<std::mutex> lock(_mutex);
        auto found = _objects.find(handle);
        return found == _objects.end() ? nullptr : found->second;
    }

    std::shared_ptr<T> remove(const void* handle) {
        std::lock_guard<std::mutex> lock(_mutex);
        auto found = _objects.find(handle);
        if (found == _objects.end()) return nullptr;
        std::shared_ptr<T> object = std::move(found->second);
        _objects.erase(found);
        return object;
    }

    std::size_t count() const {
        std::lock_guard<std::mutex> lock(_mutex);
        return _objects.size();
    }

    template <class Visit> void each(Visit visit) const {
        std::unique_lock<std::mutex> lock(_mutex);
        std::unordered_map<const void*, std::shared_ptr<T>> copy = _objects;
        lock.unlock();
        for (auto& entry : copy) visit(entry.second);
    }

private:
    mutable std::mutex _mutex;
    std::unordered_map<const void*, std::shared_ptr<T>> _objects;
};

// The live handles of a kind. Never destroyed, because other threads may still look when the process ends.
template <class T> Handles<T>& handles() {
    static Handles<T>& all = *new Handles<T>;
    return all;
}

} // namespace tf_standin
